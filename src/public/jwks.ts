import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'
import { ACCESS_TOKEN_SET, ID_TOKEN_SET, type KeyRing } from '../crypto/ring.ts'

/** Resource servers may keep the keys for a minute: further keys sign only after that (design section 5). */
const HEADERS = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'public, max-age=60' }

/** GET /.well-known/jwks.json (contract 1.3.1). */
export const jwks = (c: Context<AppEnv>): Promise<Response> => jwksResponse(c.var.ctx.rt.keys)

/** The public keys of both built-in sets, newest first in each (contract 2.10). */
export async function jwksResponse(ring: KeyRing): Promise<Response> {
  const sets = await Promise.all([ring.publicKeys(ID_TOKEN_SET), ring.publicKeys(ACCESS_TOKEN_SET)])
  return new Response(JSON.stringify({ keys: sets.flat() }), { headers: HEADERS })
}
