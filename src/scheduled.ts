import type { Config } from './config/types.ts'
import { ACCESS_TOKEN_SET, ID_TOKEN_SET, PUBLISH_SECONDS } from './crypto/ring.ts'
import { rotateKeys } from './crypto/rotation.ts'
import type { StoredKeys } from './crypto/stored-keys.ts'
import type { Env } from './env.ts'
import { logLine } from './http/log.ts'
import { runtimeOf } from './runtime.ts'
import { nowSeconds } from './util/clock.ts'

/** Expired rows of a table purged in one go. */
const PURGE_BATCH = 500

/** Upkeep that nothing depends on: rotates signing keys where that is configured, purges the grants book and expired trust, and re-seals root keys under the newest system secret. */
export async function scheduled(env: Env): Promise<void> {
  const { book, config, issuers, roots, storedKeys } = runtimeOf(env)
  const now = nowSeconds()
  if (config.signingKeyRotation !== null) await rotate(storedKeys, config, config.signingKeyRotation, now)
  const [resealed] = await Promise.all([
    roots.rewrap(),
    book.purge(now, PURGE_BATCH),
    issuers.purge(now, PURGE_BATCH),
  ])
  if (resealed > 0) logLine('root_key.resealed', { count: resealed })
}

async function rotate(keys: StoredKeys, config: Config, period: number, now: number): Promise<void> {
  for (const set of [ID_TOKEN_SET, ACCESS_TOKEN_SET]) {
    // A superseded key signs on while the new one becomes known.
    const keep = Math.max(period, config.ttl.accessToken, config.ttl.idToken) + PUBLISH_SECONDS
    const rotation = { algorithm: config.signingAlgorithm, period, keep }
    const { added, removed } = await rotateKeys(keys, set, rotation, now)
    if (added.length + removed.length > 0) logLine('key.rotated', { set, added, removed })
  }
}
