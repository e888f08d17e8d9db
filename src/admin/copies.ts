import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'

/**
 * DELETE /admin/copies: no copy of clients, keys and issuers counts any more, here at once and everywhere within 60 s. For
 * when D1 was restored or changed by hand (contract 1.4.9).
 */
export async function deleteCopies(c: Context<AppEnv>): Promise<Response> {
  const { ctx } = c.var
  await ctx.rt.copies.renew()
  ctx.audit('copies.dropped', {})
  return c.body(null, 204)
}
