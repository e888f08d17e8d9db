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
 * Upkeep that nothing depends on: rotates signing keys unless the operator does, purges the grants book and expired
 * trusted issuers, and re-seals root keys under the newest system secret. Throws what failed, after all was tried.
 */
export async function scheduled(env: Env): Promise<void> {
  const rt = runtimeOf(env)
  const now = nowSeconds()
  const tasks = await Promise.allSettled([
    rewrap(rt),
    rt.book.purge(now, PURGE_BATCH),
    rt.issuers.purge(now, PURGE_BATCH),
    rotate(rt, now),
  ])
  const failed = tasks.find((task) => task.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

async function rewrap({ roots }: Runtime): Promise<void> {
  const resealed = await roots.rewrap()
  if (resealed > 0) logLine('root_key.resealed', { count: resealed })
}

/** Rotates the keys of both sets that sign. */
async function rotate({ clients, config, storedKeys }: Runtime, now: number): Promise<void> {
  const { signingKeyRotation: period, ttl } = config
  if (period === null) return
  const keep = async (): Promise<number> => {
    const own = (await clients.tokenLifespans()).map((lifespan) => parseDuration(lifespan) ?? 0)
    // A superseded key still signs until the new one is known.
    return Math.max(period, ttl.accessToken, ttl.idToken, ...own) + PUBLISH_SECONDS
  }
  for (const set of [ID_TOKEN_SET, ACCESS_TOKEN_SET]) {
    const { added, removed } = await rotateKeys(storedKeys, set, { period, keep }, now)
    if (added.length + removed.length > 0) logLine('key.rotated', { set, added, removed })
  }
}
