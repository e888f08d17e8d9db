import type { Seconds } from '../util/clock.ts'
import type { GrantId } from '../util/ids.ts'
import type { GrantRow } from './grant-row.ts'
import { alive, type View } from './transaction.ts'

/*
 * A row of `grants` has two ends: that of its tokens (`revoked`, `tokens_end`) and that of its consent (`consent_ends`).
 * Each condition is written twice, for a row at hand and for a query in which ?1 is now, in seconds.
 */

const THERE = '(expires IS NULL OR expires > ?1)'

/** Grants that have tokens, or a code for some. */
export const LIVE = `revoked = 0 AND ${THERE} AND (tokens_end IS NULL OR tokens_end > ?1)`

/** Consents that later grants with tokens rest on: they skipped theirs because of it. */
export const RESTED_ON = `id IN (SELECT rests_on FROM grants WHERE ${LIVE})`

/** Consents that let later ones be skipped. */
export const REMEMBERED = `remembered = 1 AND record <> '' AND ${THERE}
  AND (consent_ends IS NULL OR consent_ends > ?1)`

/** Whether a grant has tokens, or a code for some. */
export const isLive = (row: GrantRow, now: Seconds): boolean =>
  row.revoked === 0 && alive(row.expires, now) && alive(row.tokens_end, now)

/** Whether a consent lets later ones be skipped. */
export const isRemembered = (row: GrantRow, now: Seconds): boolean =>
  row.remembered === 1 && row.record !== '' && alive(row.expires, now) && alive(row.consent_ends, now)

/** Whether later grants with tokens rest on a consent. */
export const isRestedOn = ({ tables, now }: View, id: GrantId): boolean =>
  tables.exists('grants', `WHERE ${LIVE} AND rests_on = ?2`, now, id)

/** All consents that later grants with tokens rest on. */
export function restedOnIds({ tables, now }: View): ReadonlySet<GrantId | ''> {
  const rows = tables.select('grants', ['rests_on'], `WHERE ${LIVE}`, now)
  return new Set(rows.map((row) => row.rests_on))
}
