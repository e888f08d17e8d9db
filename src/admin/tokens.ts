import type { Context } from 'hono'
import { changeClient } from '../clients/manage.ts'
import type { AppEnv } from '../context.ts'
import { as } from '../errors/translate.ts'
import { readAdminQuery } from '../http/form.ts'

/**
 * DELETE /admin/oauth2/tokens?client_id=: ends all access tokens of a client, from any grant; its refresh tokens and
 * codes stay (contract 1.4.5). Needs no search, since tokens with an older stamp are no longer accepted.
 */
export async function deleteTokens(c: Context<AppEnv>): Promise<Response> {
  const id = readAdminQuery(c.req.url).require('client_id')
  const { ctx } = c.var
  await changeClient(ctx, id, 'client.tokens_deleted', ({ accessEpoch, usedAt }) => ({
    accessEpoch: accessEpoch + 1,
    usedAt,
  })).catch(as({ resource_not_found: () => undefined }))
  return c.body(null, 204)
}
