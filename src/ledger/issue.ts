import { after, type Seconds } from '../util/clock.ts'
import { type CustomClaims, type GrantRecord, hookedRecord, type StoredGrant } from './grant-record.ts'
import type { GrantRow } from './grant-row.ts'
import type { RedeemInput } from './redeem.ts'
import { alive, earlier, later, type Transaction, type View } from './transaction.ts'

/**
 * The step of a call that issues tokens with a token hook. `ask` returns what would be issued and writes nothing; the
 * hook's claims commit it.
 */
export type HookStep = 'ask' | CustomClaims

/** What the Worker makes tokens from. */
export interface IssuedGeneration {
  readonly status: 'issued'
  readonly grant: StoredGrant
  /** The number of the token pair: 1 for the redeemed code, one more at each refresh. */
  readonly generation: number
  /** When the generation was made. Repeated calls get tokens with the same times. */
  readonly issuedAt: Seconds
}

/**
 * Makes a generation the current one of a grant and keeps the grant as long as the tokens live. With `hook: 'ask'` it
 * writes nothing and returns the same answer.
 * @param grant the record of the row.
 * @param changes the new generation, and the columns that change with it.
 */
export function issue(
  tx: Transaction,
  row: GrantRow,
  grant: StoredGrant,
  {
    attempt,
    hook,
    keepSeconds,
    familySeconds,
  }: Pick<RedeemInput, 'attempt' | 'hook' | 'keepSeconds' | 'familySeconds'>,
  changes: { readonly generation: number; readonly code_attempt?: string; readonly recent?: string },
): IssuedGeneration {
  if (hook === 'ask') return issued(grant, changes.generation, tx.now)
  const end = earlier(
    keepSeconds === null ? null : after(tx.now, keepSeconds),
    familySeconds === undefined ? null : familyEnd(grant, { familySeconds }),
  )
  const ends = { tokens_end: later(row.tokens_end, end), expires: later(row.expires, end) }
  const hooked = hook === undefined ? {} : { record: hookedRecord(row, hook) }
  tx.tables.update('grants', row.id, { ...changes, issued_at: tx.now, attempt, ...ends, ...hooked })
  return issued({ ...grant, ...hook }, changes.generation, tx.now)
}

/** Whether a grant may be refreshed (OIDC Core section 11). */
export const isOffline = ({ scope }: Pick<GrantRecord, 'scope'>): boolean =>
  scope.includes('offline') || scope.includes('offline_access')

type Family = { readonly familySeconds?: Seconds | undefined }

/** When a grant can no longer be refreshed, so that all its tokens end; null for never. */
const familyEnd = (grant: GrantRecord, { familySeconds }: Family): Seconds | null =>
  familySeconds === undefined || !isOffline(grant) ? null : after(grant.handledAt, familySeconds)

/** Whether a grant can no longer be refreshed, as long as the consent is ago. */
export const isFamilyOver = ({ now }: View, grant: GrantRecord, family: Family): boolean =>
  !alive(familyEnd(grant, family), now)

/** Returns the first requested resource that was not granted; tokens may only be narrower (RFC 8707 section 2.2). */
export const ungranted = (
  { audience }: Pick<GrantRecord, 'audience'>,
  { resources = [] }: Pick<RedeemInput, 'resources'>,
): string | undefined => resources.find((resource) => !audience.includes(resource))

/** Returns the answer for a generation that was made at `issuedAt`. */
export const issued = (grant: StoredGrant, generation: number, issuedAt: Seconds): IssuedGeneration => ({
  status: 'issued',
  grant,
  generation,
  issuedAt,
})
