import type { Milliseconds, Seconds } from '../util/clock.ts'
import type { GrantId } from '../util/ids.ts'
import type { ConsentedGrant } from './grants.ts'
import type { Row } from './schema.ts'
import type { Transaction, View } from './transaction.ts'

/** How much too early a poll may arrive, ms: delays on the network can shorten the pause between two polls. */
const POLL_LEEWAY_MS = 500

export interface DeviceInput {
  /** The HTTP request that asks (types.ts). */
  readonly attempt: string
  /** A random id of the device's request. The user code does not identify it, since another device may get it later. */
  readonly id: string
  /** What the device asked for: its parameters as a query string. */
  readonly request: string
  readonly expiresAt: Seconds
}

/** A device's request that waits for its user. */
export type DeviceRequestView = Omit<DeviceInput, 'attempt'>

export interface PollInput {
  /** The device's request, which the device code names. */
  readonly id: string
  /** The shortest allowed pause between two polls. */
  readonly intervalMs: Milliseconds
}

export type PollResult =
  /** `gone`: there is no such request, or it expired. */
  | { readonly status: 'pending' | 'slow_down' | 'denied' | 'gone' }
  | { readonly status: 'approved'; readonly grant: ConsentedGrant }

export interface SettleInput {
  /** The HTTP request that asks (types.ts). */
  readonly attempt: string
  /** The device's request that the user was shown. */
  readonly id: string
  /** The grant that the user gave the device; null if the user denied it. */
  readonly grant: ConsentedGrant | null
  /** With a denial: the approved grant, which was retracted for it. */
  readonly retracted?: GrantId
}

export type SettleResult =
  /** `first` is true for the attempt that settled it. */
  | { readonly status: 'settled'; readonly first: boolean }
  /** The request was settled before, with another answer. `approved` is the grant of an approval. */
  | { readonly status: 'taken'; readonly approved?: ConsentedGrant }
  /** There is no such request, or it expired. */
  | { readonly status: 'gone' }

/**
 * Remembers when a device last polled, in memory only, so that a poll writes nothing. The platform evicts an object
 * after ten seconds without a call, and a device that polls that rarely need not be slowed down.
 */
export class Callers {
  #polledMs = 0

  /** Records a poll. Returns whether it came sooner after the previous one than is allowed. */
  pollsTooFast(nowMs: Milliseconds, intervalMs: Milliseconds): boolean {
    const since = nowMs - this.#polledMs
    this.#polledMs = nowMs
    return since >= 0 && since < intervalMs - POLL_LEEWAY_MS
  }
}

/** Returns the only request in this ledger, which the user code stands for. */
const readDevice = ({ tables, now }: View): Row<'devices'> | undefined =>
  tables.select('devices', '*', 'WHERE expires > ?', now)[0]

/** Stores a device's request under its user code. `opened` is false if the code already stands for another request. */
export function openDevice(tx: Transaction, input: DeviceInput): { readonly opened: boolean } {
  const { id, request, attempt, expiresAt: expires } = input
  const known = readDevice(tx)
  if (known !== undefined) return { opened: known.id === id }
  tx.tables.deleteWhere('devices', '')
  tx.tables.insert('devices', { id, request, attempt, expires })
  tx.wake(expires)
  return { opened: true }
}

/** Returns the request that waits for its user; null if there is none, it expired or was answered. */
export function findDevice(view: View): DeviceRequestView | null {
  const row = readDevice(view)
  return row?.status === 'pending' ? { id: row.id, request: row.request, expiresAt: row.expires } : null
}

/**
 * Returns the user's answer to a device's request (RFC 8628 section 3.5). `slow_down` is returned only while the
 * request is pending.
 */
export function pollDevice(view: View, input: PollInput): PollResult {
  const row = readDevice(view)
  if (row?.id !== input.id) return { status: 'gone' }
  if (row.status === 'denied') return { status: 'denied' }
  const grant = approvedGrant(row)
  if (grant !== undefined) return { status: 'approved', grant }
  return { status: view.callers.pollsTooFast(view.nowMs, input.intervalMs) ? 'slow_down' : 'pending' }
}

const approvedGrant = ({ owner, grant_id: grantId, epoch }: Row<'devices'>): ConsentedGrant | undefined =>
  owner === null || grantId === null || epoch === null ? undefined : { owner, grantId, epoch }

/**
 * Settles a request once: the first approval or denial counts. The same answer given again is `settled` too. A denial
 * takes the place of an approval whose grant was retracted before a device got its tokens.
 */
export function settleDevice(tx: Transaction, { attempt, id, grant, retracted }: SettleInput): SettleResult {
  const row = readDevice(tx)
  if (row?.id !== id) return { status: 'gone' }
  const status = grant === null ? 'denied' : 'approved'
  const approved = approvedGrant(row)
  const retracts = grant === null && approved !== undefined && approved.grantId === retracted
  if (row.status === 'pending' || retracts) {
    const { owner = null, grantId: grant_id = null, epoch = null } = grant ?? {}
    tx.tables.update('devices', id, { status, owner, grant_id, epoch, attempt })
    return { status: 'settled', first: true }
  }
  const same = row.status === status && row.grant_id === (grant?.grantId ?? null)
  if (same) return { status: 'settled', first: row.attempt === attempt }
  return { status: 'taken', ...(approved !== undefined && { approved }) }
}
