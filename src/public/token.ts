import type { Context } from 'hono'
import { withClient } from '../client-auth/authenticate.ts'
import { readClientForm } from '../client-auth/client-form.ts'
import { noteUse } from '../clients/use.ts'
import type { AppEnv } from '../context.ts'
import { invalidRequest, type OAuthError } from '../errors/oauth-error.ts'
import { GRANTS } from '../grants/registry.ts'
import { oauthJson } from '../http/json.ts'

const supported = (): string => GRANTS.map(({ type }) => type).join(', ')
const content = () => ({ parameter: 'grant_type', expected: `grant_type is one of ${supported()}` })

/** The token endpoint (RFC 6749 section 3.2); the order of checks is contract 1.3.3. */
export async function token(c: Context<AppEnv>): Promise<Response> {
  const { ctx } = c.env
  const request = await readClientForm(c, content)
  const { form } = request
  const grantType = form.require('grant_type', () => `one of ${supported()}`)
  const grant = GRANTS.find(({ type }) => type === grantType)
  if (grant === undefined) throw unknownGrantType(grantType)
  // Checked here for all grants, including those that ignore the requested scopes.
  form.scopes()
  const answer = await withClient(ctx, 'token', request, async (own, client) => {
    const tokens = await grant.answer(own, client, { form, request: c.req.raw })
    noteUse(own, client)
    return tokens
  })
  return oauthJson(answer)
}

const unknownGrantType = (grantType: string): OAuthError =>
  grantType === 'password'
    ? invalidRequest('grant_type_retired')
    : invalidRequest('grant_type_unknown', {
        grant_type: grantType,
        supported: supported(),
      })
