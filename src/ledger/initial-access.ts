import type { Seconds } from '../util/clock.ts'
import type { Row } from './schema.ts'
import { findAlive, type Transaction, type View } from './transaction.ts'

/** The largest number of initial access tokens that are alive at the same time. */
const MAX_TOKENS = 10_000

/** How many of the last attempts are remembered: a call that is repeated after a lost reply takes no second use. */
const MAX_RECENT = 16

export interface AddInitialAccessInput {
  /** The HTTP request that asks (types.ts). */
  readonly attempt: string
  readonly id: string
  /** How many clients may register with it. */
  readonly uses: number
  /** What they may register, as JSON that the Worker reads. */
  readonly policy: string
  readonly createdAt: Seconds
  readonly expiresAt: Seconds
}

/** An initial access token (RFC 7591 section 1.2) that is alive. */
export interface InitialAccessView extends Omit<AddInitialAccessInput, 'attempt'> {
  readonly used: number
}

export interface ListInitialAccessInput {
  /** The list begins after this id; null for its beginning. */
  readonly after: string | null
  readonly offset: number
  readonly limit: number
}

/** Stores a new token. False if there are too many. */
export function addInitialAccess(tx: Transaction, input: AddInitialAccessInput): { readonly added: boolean } {
  const { id, attempt, uses, policy, createdAt: created_at, expiresAt: expires } = input
  if (findAlive(tx, 'initial_access', id) !== undefined) return { added: true }
  if (countInitialAccess(tx) >= MAX_TOKENS) return { added: false }
  tx.tables.insert('initial_access', { id, attempt, uses, policy, created_at, expires })
  tx.wake(expires)
  return { added: true }
}

/** Takes one use of a token: `spent` if none is left, `gone` if it was revoked or expired. */
export function useInitialAccess(
  tx: Transaction,
  { id, attempt }: { readonly id: string; readonly attempt: string },
): 'taken' | 'spent' | 'gone' {
  const row = findAlive(tx, 'initial_access', id)
  if (row === undefined || row.revoked === 1) return 'gone'
  const recent = row.recent === '' ? [] : row.recent.split(' ')
  if (recent.includes(attempt)) return 'taken'
  if (row.used >= row.uses) return 'spent'
  const kept = [...recent, attempt].slice(-MAX_RECENT).join(' ')
  tx.tables.update('initial_access', id, { used: row.used + 1, recent: kept, attempt })
  return 'taken'
}

/** Revokes a token. The row stays until its end, so that a repeated attempt gets the same answer. */
export function revokeInitialAccess(
  tx: Transaction,
  { id, attempt }: { readonly id: string; readonly attempt: string },
): { readonly revoked: boolean } {
  const row = findAlive(tx, 'initial_access', id)
  if (row === undefined) return { revoked: false }
  if (row.revoked === 1) return { revoked: row.attempt === attempt }
  tx.tables.update('initial_access', id, { revoked: 1, attempt })
  return { revoked: true }
}

/** Returns a token that is alive, with uses left or not; null for any other. */
export function findInitialAccess(view: View, { id }: { readonly id: string }): InitialAccessView | null {
  const row = findAlive(view, 'initial_access', id)
  return row === undefined || row.revoked === 1 ? null : viewOf(row)
}

const ALIVE = 'WHERE revoked = 0 AND expires > ?'

/** Returns the tokens that are alive, by their ids. */
export const listInitialAccess = (
  { tables, now }: View,
  { after, offset, limit }: ListInitialAccessInput,
): readonly InitialAccessView[] =>
  tables
    .select(
      'initial_access',
      '*',
      `${ALIVE} AND id > ? ORDER BY id LIMIT ? OFFSET ?`,
      now,
      after ?? '',
      limit,
      offset,
    )
    .map(viewOf)

/** Counts the tokens that are alive. */
export const countInitialAccess = ({ tables, now }: View): number =>
  tables.count('initial_access', ALIVE, now)

const viewOf = ({
  id,
  uses,
  used,
  policy,
  created_at,
  expires,
}: Row<'initial_access'>): InitialAccessView => ({
  id,
  uses,
  used,
  policy,
  createdAt: created_at,
  expiresAt: expires,
})
