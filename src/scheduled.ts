import type { Env } from './env.ts'
import { runtimeOf } from './runtime.ts'
import { nowSeconds } from './util/clock.ts'

/** Rows of the grants book purged in one go. */
const PURGE_BATCH = 500

/** Upkeep that nothing depends on: purges the grants book and re-seals root keys under the newest system secret. */
export async function scheduled(env: Env): Promise<void> {
  const { book, roots } = runtimeOf(env)
  await Promise.all([book.purge(nowSeconds(), PURGE_BATCH), roots.rewrap()])
}
