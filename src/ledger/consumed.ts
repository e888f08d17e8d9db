import { after, type Seconds, seconds } from '../util/clock.ts'
import type { Sid } from '../util/ids.ts'
import { alive, findAlive, later, type Transaction, type View } from './transaction.ts'

/**
 * How long an id stays consumed after it expires, seconds. The Worker checked the expiry earlier and by another clock,
 * before it fetched keys and called hooks; without this margin a replay could pass in between.
 */
const MARGIN = seconds(60)

export interface ConsumeInput {
  /** The HTTP request that asks (types.ts). */
  readonly attempt: string
  /** What is consumed: a `jti`, or the id of a revoked token. */
  readonly id: string
  /** When whatever the id names expires by itself. */
  readonly expiresAt: Seconds
}

/** Consumes an id until a minute after it expires. `first` is true for the attempt that consumed it and its repeats. */
export function consumeId(
  tx: Transaction,
  { id, attempt, expiresAt }: ConsumeInput,
): { readonly first: boolean } {
  const known = findAlive(tx, 'consumed', id)
  if (known !== undefined) return { first: known.attempt === attempt }
  const expires = after(expiresAt, MARGIN)
  tx.tables.insert('consumed', { id, attempt, expires })
  tx.wake(expires)
  return { first: true }
}

/** Whether an id is consumed. False once it expired more than a minute ago. */
export const isConsumed = (view: View, { id }: { readonly id: string }): boolean =>
  findAlive(view, 'consumed', id) !== undefined

/**
 * Consumes the id of a session that is forgotten, until its flows are over. Somebody of that name who goes back and logs
 * in again in one of them would get a grant of the same id, by which erased tokens would be good again.
 */
export function keepSpent(
  tx: Transaction,
  { sid, flow_expires }: { readonly sid: Sid; readonly flow_expires: Seconds },
  until: Seconds,
): void {
  if (alive(flow_expires, tx.now))
    tx.tables.insert('consumed', { id: sid, attempt: '', expires: later(until, flow_expires) })
}
