import { after, type Seconds } from '../util/clock.ts'
import {
  type CustomClaims,
  type GrantRecord,
  hookedRecord,
  readRecord,
  type StoredGrant,
} from './grant-record.ts'
import type { GrantRow } from './grant-row.ts'
import type { RedeemInput } from './redeem.ts'
import { later, type Transaction } from './transaction.ts'

/** Of a call that issues beside a token hook: `ask` says what would be issued and writes nothing; claims go into the commit. */
export type HookStep = 'ask' | CustomClaims

/** What tokens are made of. */
export interface IssuedGeneration {
  readonly status: 'issued'
  readonly grant: StoredGrant
  readonly generation: number
  /** When the generation was made: all its callers get tokens with the same times. */
  readonly issuedAt: Seconds
}

/**
 * Makes a generation the current one of a grant, kept for as long as its tokens live. A call that only asks for a token
 * hook writes nothing and gets the same answer.
 * @param changes further columns that change with the generation.
 */
export function issue(
  tx: Transaction,
  row: GrantRow,
  { attempt, hook, keepSeconds }: Pick<RedeemInput, 'attempt' | 'hook' | 'keepSeconds'>,
  changes: { readonly generation: number; readonly code_attempt?: string; readonly recent?: string },
): IssuedGeneration {
  if (hook === 'ask') return issued(row, changes.generation, tx.now)
  const record = hookedRecord(row, hook)
  const end = keepSeconds === null ? null : after(tx.now, keepSeconds)
  const ends = { tokens_end: later(row.tokens_end, end), expires: later(row.expires, end) }
  tx.tables.update('grants', row.id, { ...changes, issued_at: tx.now, attempt, ...ends, record })
  return issued({ ...row, record }, changes.generation, tx.now)
}

/** A resource that is asked for, but was not granted (RFC 8707 section 2.2): tokens may only be narrower. */
export const ungranted = (
  { audience }: Pick<GrantRecord, 'audience'>,
  { resources = [] }: Pick<RedeemInput, 'resources'>,
): string | undefined => resources.find((resource) => !audience.includes(resource))

/** The answer about a generation that was made at `issuedAt`. */
export const issued = (row: GrantRow, generation: number, issuedAt: Seconds): IssuedGeneration => ({
  status: 'issued',
  grant: readRecord(row),
  generation,
  issuedAt,
})
