import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'
import { publicDocument } from '../http/json.ts'
import { type KeyRing, publishedSets } from '../keys/ring.ts'
import { SameParts } from '../util/same-parts.ts'

/** The text of the document, by the keys that are in it. */
const texts = new SameParts<KeyRing, string>()

/** GET /.well-known/jwks.json (contract 1.3.1). */
export const jwks = (c: Context<AppEnv>): Promise<Response> =>
  jwksResponse(c.var.ctx.rt.keys, c.var.ctx.rt.config.broadcastKeys)

/**
 * The public keys of both built-in sets and of the named sets, newest first in each (contract 2.10). Resource servers
 * may cache them for a minute, because new keys sign only after that (design section 5).
 */
export async function jwksResponse(ring: KeyRing, broadcast: readonly string[] = []): Promise<Response> {
  const sets = await Promise.all(publishedSets(broadcast).map((name) => ring.publicKeys(name)))
  const keys = sets.flat()
  return publicDocument(texts.of(ring, keys, () => JSON.stringify({ keys })))
}
