import type { Env } from './env.ts'
import { runtimeOf } from './runtime.ts'
import { nowSeconds } from './util/clock.ts'

/** Expired rows of a table purged in one go. */
const PURGE_BATCH = 500

/** Upkeep that nothing depends on: purges the grants book and expired trust, and re-seals root keys under the newest system secret. */
export async function scheduled(env: Env): Promise<void> {
  const { book, issuers, roots } = runtimeOf(env)
  const now = nowSeconds()
  await Promise.all([book.purge(now, PURGE_BATCH), issuers.purge(now, PURGE_BATCH), roots.rewrap()])
}
