import type { Env } from './env.ts'
import { logLine } from './http/log.ts'
import { ACCESS_TOKEN_SET, ID_TOKEN_SET, PUBLISH_SECONDS } from './keys/ring.ts'
import { rotateKeys } from './keys/rotation.ts'
import { type Runtime, runtimeOf } from './runtime.ts'
import { nowSeconds } from './util/clock.ts'
import { parseDuration } from './util/duration.ts'

/** Maximum number of expired rows purged from a table at once. */
const PURGE_BATCH = 500

/**
 * Upkeep that nothing depends on: rotates signing keys if that is configured, purges the grants book and expired
 * trusted issuers, and re-seals root keys under the newest system secret.
 */
export async function scheduled(env: Env): Promise<void> {
  const rt = runtimeOf(env)
  const { book, config, issuers, roots } = rt
  const now = nowSeconds()
  if (config.signingKeyRotation !== null) await rotate(rt, config.signingKeyRotation, now)
  const [resealed] = await Promise.all([
    roots.rewrap(),
    book.purge(now, PURGE_BATCH),
    issuers.purge(now, PURGE_BATCH),
  ])
  if (resealed > 0) logLine('root_key.resealed', { count: resealed })
}

async function rotate({ clients, config, storedKeys }: Runtime, period: number, now: number): Promise<void> {
  const { ttl, signingAlgorithm: algorithm } = config
  const keep = async (): Promise<number> => {
    const own = (await clients.tokenLifespans()).map((lifespan) => parseDuration(lifespan) ?? 0)
    // A superseded key still signs until the new one is known.
    return Math.max(period, ttl.accessToken, ttl.idToken, ...own) + PUBLISH_SECONDS
  }
  for (const set of [ID_TOKEN_SET, ACCESS_TOKEN_SET]) {
    const { added, removed } = await rotateKeys(storedKeys, set, { algorithm, period, keep }, now)
    if (added.length + removed.length > 0) logLine('key.rotated', { set, added, removed })
  }
}
