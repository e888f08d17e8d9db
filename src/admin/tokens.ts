import type { Context } from 'hono'
import { changeClient } from '../clients/manage.ts'
import type { AppEnv } from '../context.ts'
import { invalidRequest } from '../errors/oauth-error.ts'
import { as } from '../errors/translate.ts'

/**
 * DELETE /admin/oauth2/tokens?client_id=: all access tokens a client was issued die, whatever grant they came from;
 * its refresh tokens and codes stay (contract 1.4.5). Nothing is looked for: older stamps no longer count.
 */
export async function deleteTokens(c: Context<AppEnv>): Promise<Response> {
  const id = c.req.query('client_id') ?? ''
  if (id === '') throw invalidRequest('parameter_missing', { parameter: 'client_id' })
  const { ctx } = c.var
  await changeClient(ctx, id, 'client.tokens_deleted', ({ accessEpoch }) => ({
    accessEpoch: accessEpoch + 1,
  })).catch(as({ resource_not_found: () => undefined }))
  return c.body(null, 204)
}
