import { announceChange, changeTags, renewEpoch, settleChange } from '../../src/ledger/changes.ts'
import { Callers } from '../../src/ledger/device.ts'
import { ownerOf } from '../../src/ledger/owner.ts'
import { RecentChanges } from '../../src/ledger/recent-changes.ts'
import { Tables } from '../../src/ledger/tables.ts'
import type { Transaction } from '../../src/ledger/transaction.ts'
import { type Feed, feedOf } from '../../src/store/feed.ts'
import { nowMs, secondsOf } from '../../src/util/clock.ts'

/** The feed as its ledger keeps it, asked inside the ledger's object: a simulation asks more often than calls allow. */
export function ledgerFeed(storage: DurableObjectStorage): Feed {
  const tables = new Tables(storage.sql)
  const methods: Record<string, (tx: Transaction, input: never) => unknown> = {
    announceChange,
    changeTags,
    renewEpoch,
    settleChange,
  }
  const recent = new RecentChanges()
  const run = (method: string, input: never): unknown => {
    const at = nowMs()
    const now = secondsOf(at)
    const tx = {
      tables,
      callers: new Callers(),
      recent,
      now,
      nowMs: at,
      wake: () => undefined,
      wakeForLogin: () => undefined,
      makeFirstKey: () => Promise.resolve(false),
    }
    return storage.transactionSync(() => methods[method]?.(tx as Transaction, input))
  }
  const ledgers = { call: async (_owner: string, method: string, input: never) => run(method, input) }
  return feedOf(ledgers as unknown as Parameters<typeof feedOf>[0])
}

export const feedOwner = ownerOf('feed', 'simulated')
