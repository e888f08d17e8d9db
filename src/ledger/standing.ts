import type { Seconds } from '../util/clock.ts'
import type { GrantId } from '../util/ids.ts'
import type { GrantRow } from './grant-row.ts'
import { alive, type View } from './transaction.ts'

/*
 * A row of `grants` has two ends: the end of its tokens (`revoked`, `tokens_end`) and the end of its consent
 * (`consent_ends`). Each condition is written twice: for a row, and for a query, in which ?1 is now (seconds).
 */

const NOT_EXPIRED = '(expires IS NULL OR expires > ?1)'

/** Selects grants with live tokens, or with a code for tokens. */
export const LIVE = `revoked = 0 AND ${NOT_EXPIRED} AND (tokens_end IS NULL OR tokens_end > ?1)`

/** Selects consents that live grants rest on: those grants were not asked for consent because of it. */
export const RESTED_ON = `id IN (SELECT rests_on FROM grants WHERE ${LIVE})`

/** Selects remembered consents: a later consent may be skipped because of them. */
export const REMEMBERED = `remembered = 1 AND record <> '' AND ${NOT_EXPIRED}
  AND (consent_ends IS NULL OR consent_ends > ?1)`

/** Whether a grant has live tokens, or a code for tokens. */
export const isLive = (row: GrantRow, now: Seconds): boolean =>
  row.revoked === 0 && alive(row.expires, now) && alive(row.tokens_end, now)

/** Whether a consent is remembered: a later consent may be skipped because of it. */
export const isRemembered = (row: GrantRow, now: Seconds): boolean =>
  row.remembered === 1 && row.record !== '' && alive(row.expires, now) && alive(row.consent_ends, now)

/** Whether live grants rest on a consent. */
export const isRestedOn = ({ tables, now }: View, id: GrantId): boolean =>
  tables.exists('grants', `WHERE ${LIVE} AND rests_on = ?2`, now, id)

/** Returns the ids of all consents that live grants rest on; `''` for grants that rest on none. */
export function restedOnIds({ tables, now }: View): ReadonlySet<GrantId | ''> {
  const rows = tables.select('grants', ['rests_on'], `WHERE ${LIVE}`, now)
  return new Set(rows.map((row) => row.rests_on))
}
