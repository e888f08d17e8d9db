import { milliseconds, type Seconds, secondsOf } from '../util/clock.ts'
import { currentEpoch, tokenEpoch } from './epochs.ts'
import type { GrantRow } from './grant-row.ts'
import type { ReadableTables } from './readable-tables.ts'
import { type EndedBy, type GrantWithSession, SUBJECT } from './schema.ts'
import { alive, type View } from './transaction.ts'

/*
 * A row of `grants` has two ends: the end of its tokens (`revoked`, `tokens_end`) and the end of its consent
 * (`consent_ends`). One other row may bring about either for any number of grants: an epoch, the session, the consent
 * that a grant rests on. What is decided so is written twice: for a row, and for a query, in which ?1 is now (seconds).
 */

/** What decides about a grant besides the row's own ends. */
type Stamped = Pick<GrantRow, 'client' | 'sid' | 'epoch' | 'rests_on'>

/**
 * Whether a grant ended with many others: all grants of its client or subject were revoked since, or the consent that
 * it rests on was. A consent that tokens rest on is never deleted before them, so a missing one was revoked.
 */
export function isEnded(view: View, { client, epoch, rests_on: consent }: Omit<Stamped, 'sid'>): boolean {
  if (epoch < currentEpoch(view, client)) return true
  return consent !== '' && (view.tables.value('grants', consent, 'record') ?? '') === ''
}

/** Whether a grant's tokens ended with many others: with all sessions of the subject, or with their session. */
export const areTokensEnded = (
  view: View,
  {
    epoch,
    sid,
    session_revoked: known,
  }: Pick<Stamped, 'epoch' | 'sid'> & Partial<Pick<GrantWithSession, 'session_revoked'>>,
): boolean =>
  epoch < tokenEpoch(view) ||
  (known === undefined ? view.tables.value('sessions', sid, 'revoked') : known) === 1

/** What ended the tokens of a grant, and when; null if that is not known. */
export interface Ending {
  readonly by: EndedBy
  readonly at: Seconds | null
}

/** Returns what ended a grant or its tokens together with many others; undefined if nothing did. */
export function endedWith(view: View, row: Stamped): Ending | undefined {
  const at = (epoch: number): Seconds => secondsOf(milliseconds(epoch))
  if (isEnded(view, row)) {
    const epoch = currentEpoch(view, row.client)
    if (row.epoch < epoch) return { by: 'consent_revoked', at: at(epoch) }
    const consent = row.rests_on === '' ? undefined : view.tables.find('grants', row.rests_on)
    return { by: 'consent_revoked', at: consent?.ended_at ?? null }
  }
  const epoch = tokenEpoch(view)
  if (row.epoch < epoch) return { by: 'all_sessions_ended', at: at(epoch) }
  const session = view.tables.find('sessions', row.sid)
  return session?.revoked === 1 ? { by: 'session_ended', at: session.ended_at } : undefined
}

/** Returns a row as it must be read, whether or not the clean-up came to it: undefined if the grant has ended. */
export function asItStands<Found extends GrantRow>(view: View, row: Found): Found | undefined {
  if (isEnded(view, row)) return undefined
  return row.revoked === 0 && areTokensEnded(view, row) ? { ...row, revoked: 1, attempt: '' } : row
}

/** Whether a grant has live tokens, or a code for tokens. */
export const isLive = (view: View, row: GrantRow): boolean =>
  alive(row.expires, view.now) && alive(row.tokens_end, view.now) && asItStands(view, row)?.revoked === 0

/** Whether a consent is remembered: a later consent may be skipped because of it. For a row as it stands. */
export const isRemembered = (row: GrantRow, now: Seconds): boolean =>
  row.remembered === 1 && row.record !== '' && alive(row.expires, now) && alive(row.consent_ends, now)

const NOT_EXPIRED = '(expires IS NULL OR expires > ?1)'

/** As `isEnded`, negated. */
const NOT_REVOKED_WITH_CONSENT = `(rests_on = '' OR EXISTS
  (SELECT 1 FROM grants AS consent WHERE consent.id = grants.rests_on AND consent.record <> ''))`

/** As `areTokensEnded` of a session, negated. */
const NOT_ENDED_WITH_SESSION =
  'NOT EXISTS (SELECT 1 FROM sessions WHERE sessions.sid = grants.sid AND sessions.revoked = 1)'

/** Conditions of queries on `grants`. */
export interface Conditions {
  /** Selects grants with live tokens, or with a code for tokens. */
  readonly live: string
  /** Selects remembered consents: a later consent may be skipped because of them. */
  readonly remembered: string
  /** Selects consents that live grants rest on: those grants were not asked for consent because of it. */
  readonly restedOn: string
}

/** Returns the conditions as the epochs are now. They hold within one transaction. */
export function conditions(tables: ReadableTables): Conditions {
  const ofSubject = tables.find('epochs', SUBJECT)?.value ?? 0
  const ofClient = tables.has('epochs')
    ? 'coalesce((SELECT value FROM epochs WHERE epochs.client = grants.client), 0)'
    : 0
  const stands = `${NOT_EXPIRED} AND epoch >= ${ofSubject} AND epoch >= ${ofClient}`
  const live = `revoked = 0 AND ${stands} AND ${NOT_REVOKED_WITH_CONSENT}
    AND epoch >= ${tokenEpoch({ tables })} AND ${NOT_ENDED_WITH_SESSION}
    AND (tokens_end IS NULL OR tokens_end > ?1)`
  return {
    live,
    remembered: `remembered = 1 AND record <> '' AND ${stands}
      AND (consent_ends IS NULL OR consent_ends > ?1)`,
    restedOn: `id IN (SELECT rests_on FROM grants WHERE ${live})`,
  }
}
