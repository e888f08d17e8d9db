import type { Context } from 'hono'
import { authenticateClient } from '../clients/authenticate.ts'
import type { AppEnv } from '../context.ts'
import { invalidRequest } from '../errors/oauth-error.ts'
import { underAssertion } from '../grants/idempotency.ts'
import { grantHandlers } from '../grants/registry.ts'
import { readFilledForm } from '../http/form.ts'
import { oauthJson } from '../http/json.ts'

/** Token endpoint (RFC 6749 section 3.2); the order of checks is contract 1.3.3. */
export async function token(c: Context<AppEnv>): Promise<Response> {
  const { ctx } = c.var
  const form = await readFilledForm(c.var.body)
  const grantType = form.require('grant_type')
  const handler = grantHandlers.get(grantType)
  if (handler === undefined) throw invalidRequest('The grant type is not supported.')
  // Read here for the grants, too, that give what was consented to whatever is asked.
  form.scopes()
  const answer = await underAssertion(ctx, form, async (own) =>
    handler(own, await authenticateClient(own, c.req.header('authorization'), form), form),
  )
  return oauthJson(answer)
}
