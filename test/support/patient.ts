import type { Env } from '../../src/env.ts'
import { Ledgers } from '../../src/ledger/client.ts'
import { type Sources, sourcesOf } from '../../src/store/sources.ts'
import { milliseconds } from '../../src/util/clock.ts'

/** D1, KV and the feed of one isolate, with deadlines that a machine which does other things besides does not miss. */
export function patient(env: Env): Sources {
  const long = milliseconds(25_000)
  return sourcesOf(env, { cached: milliseconds(20_000), storage: long }, new Ledgers(env.LEDGER, long))
}
