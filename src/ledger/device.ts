import { after, type Milliseconds, type Seconds, seconds } from '../util/clock.ts'
import { consumeId, countConsumed } from './consumed.ts'
import type { ConsentedGrant } from './grants.ts'
import type { Row } from './schema.ts'
import type { Transaction, View } from './transaction.ts'

/** How much earlier than asked a poll may come, ms: what the network may take off a pause. */
const LEEWAY_MS = 500

/** How many user codes one network may try within ten minutes: so many seconds, and the minute that `spend` adds. */
const GUESSES = 60
const GUESS_SECONDS = seconds(540)

export interface DeviceInput {
  readonly attempt: string
  /** Random: a user code may come again for another device. */
  readonly id: string
  /** What the device asked for, as a query. */
  readonly request: string
  readonly expiresAt: Seconds
}

/** A request that waits for its user. */
export type DeviceRequestView = Omit<DeviceInput, 'attempt'>

export interface PollInput {
  /** The request that the device code names. */
  readonly id: string
  /** Least pause between two polls. */
  readonly intervalMs: Milliseconds
}

export type PollResult =
  | { readonly status: 'pending' | 'slow_down' | 'denied' | 'gone' }
  | { readonly status: 'approved'; readonly grant: ConsentedGrant }

export interface SettleInput {
  readonly attempt: string
  /** The request that the user was shown. */
  readonly id: string
  /** The grant that the user gave the device; null is a denial. */
  readonly grant: ConsentedGrant | null
}

export type SettleResult =
  | { readonly status: 'settled'; readonly first: boolean }
  /** Settled otherwise before. */
  | { readonly status: 'taken' }
  | { readonly status: 'gone' }

/**
 * What an object remembers of its callers while it is in memory: a poll writes nothing. An object that was put aside,
 * which takes ten seconds without a call, had no caller to slow down.
 */
export class Callers {
  #polledMs = 0

  /** Notes a poll; whether it came sooner after the last one than it may. */
  pollsTooFast(nowMs: Milliseconds, intervalMs: Milliseconds): boolean {
    const since = nowMs - this.#polledMs
    this.#polledMs = nowMs
    return since >= 0 && since < intervalMs - LEEWAY_MS
  }
}

/** Notes that a network tries a user code; whether it may. Written down: whoever guesses can wait until an object forgets. */
export const mayGuess = (tx: Transaction, { attempt }: { readonly attempt: string }): boolean =>
  countConsumed(tx) < GUESSES &&
  consumeId(tx, { attempt, id: attempt, expiresAt: after(tx.now, GUESS_SECONDS) }).first

/** The one request that a user code stands for. */
const readDevice = ({ tables, now }: View): Row<'devices'> | undefined =>
  tables.select('devices', '*', 'WHERE expires > ?', now)[0]

/** Opens a device's request under its user code; false when the code stands for another one at this time. */
export function openDevice(tx: Transaction, input: DeviceInput): { readonly opened: boolean } {
  const { id, request, attempt, expiresAt: expires } = input
  const known = readDevice(tx)
  if (known !== undefined) return { opened: known.id === id }
  tx.tables.deleteWhere('devices', '')
  tx.tables.insert('devices', { id, request, attempt, expires })
  tx.wake(expires)
  return { opened: true }
}

/** The request that waits for its user here; null when there is none, it expired or was answered. */
export function findDevice(view: View): DeviceRequestView | null {
  const row = readDevice(view)
  return row?.status === 'pending' ? { id: row.id, request: row.request, expiresAt: row.expires } : null
}

/** What the user has said so far (RFC 8628 section 3.5). Too fast is said only while there is nothing else to say. */
export function pollDevice(view: View, input: PollInput): PollResult {
  const row = readDevice(view)
  if (row?.id !== input.id) return { status: 'gone' }
  if (row.status === 'denied') return { status: 'denied' }
  const { owner, grant_id: grantId, epoch } = row
  if (owner !== null && grantId !== null && epoch !== null) {
    return { status: 'approved', grant: { owner, grantId, epoch } }
  }
  return { status: view.callers.pollsTooFast(view.nowMs, input.intervalMs) ? 'slow_down' : 'pending' }
}

/** Settles a request, once: the first approval or denial counts, and the same one again is told the same. */
export function settleDevice(tx: Transaction, { attempt, id, grant }: SettleInput): SettleResult {
  const row = readDevice(tx)
  if (row?.id !== id) return { status: 'gone' }
  const status = grant === null ? 'denied' : 'approved'
  if (row.status === 'pending') {
    const { owner = null, grantId: grant_id = null, epoch = null } = grant ?? {}
    tx.tables.update('devices', id, { status, owner, grant_id, epoch, attempt })
    return { status: 'settled', first: true }
  }
  const same = row.status === status && row.grant_id === (grant?.grantId ?? null)
  return same ? { status: 'settled', first: row.attempt === attempt } : { status: 'taken' }
}
