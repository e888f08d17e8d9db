import { type Milliseconds, milliseconds, type Seconds, secondsOf } from '../util/clock.ts'
import { type ClientId, clientIdOf, type GrantId, type Sid } from '../util/ids.ts'
import { currentEpoch, erasedEpoch, loginEpoch } from './epochs.ts'
import { readConsent, type StoredGrant } from './grant-record.ts'
import type { GrantRow } from './grant-row.ts'
import { supersededAt } from './refresh.ts'
import { type Row, SUBJECT } from './schema.ts'
import { findSession } from './sessions.ts'
import { type Ending, endedWith } from './standing.ts'
import type { View } from './transaction.ts'

/*
 * What an operator is told of a token, code or flow that may be dead. Unlike all other reads these tell of rows that
 * expired too, as long as they are there; of what was erased nothing. They decide nothing.
 */

export interface StoryInput {
  /** The grant; null to ask of the session alone. */
  readonly id: GrantId | null
  /** The session; null for the grant's own. */
  readonly sid: Sid | null
  /** The generation that a token names; null for none. */
  readonly generation: number | null
}

/** What a row of a grant says. */
export interface GrantStory {
  readonly clientId: ClientId
  readonly sid: Sid
  readonly grantedAt: Seconds
  readonly codeExpires: Seconds
  /** The generation of today; 0 until the code is redeemed. */
  readonly generation: number
  /** When that generation was made; null before. */
  readonly issuedAt: Seconds | null
  /** When the generation asked for was superseded; null if it was not, or that is not kept. */
  readonly supersededAt: Milliseconds | null
  /** When its code and tokens end; null for never. */
  readonly tokensEnd: Seconds | null
  /** What ended its tokens before that; null if nothing did. `by` is null in rows of an older release. */
  readonly ended: Ending | { readonly by: null; readonly at: null } | null
  /** What was consented to; null once tokens and consent ended. */
  readonly consented: StoredGrant | null
}

/** What a row of a session says. */
export interface SessionStory {
  readonly subject: string
  readonly authTime: Seconds
  readonly remember: boolean
  /** When recognition ends; null for never. */
  readonly ends: Seconds | null
  readonly ended: boolean
  /** When it ended; null if it did not, or in rows of an older release. */
  readonly endedAt: Seconds | null
}

export interface Story {
  /** Null if there is no row. */
  readonly grant: GrantStory | null
  /** Null if there is no row. */
  readonly session: SessionStory | null
  /** When all grants of the subject were last revoked, ms; 0 if not lately. */
  readonly revokedMs: number
}

/** Returns what the rows of a grant and its session say, also if they expired or ended. */
export function story(view: View, { id, sid, generation }: StoryInput): Story {
  const row = id === null ? undefined : view.tables.find('grants', id)
  const isKept = row !== undefined && row.epoch >= erasedEpoch(view)
  const grant = isKept ? grantStory(view, row, generation) : null
  const of = sid ?? grant?.sid
  return {
    grant,
    session: of === undefined ? null : sessionStory(view, of),
    revokedMs: currentEpoch(view, SUBJECT_ONLY),
  }
}

/** No client has this id, so that only the epoch of the whole subject counts. */
const SUBJECT_ONLY = clientIdOf(SUBJECT)

function grantStory(view: View, row: GrantRow, generation: number | null): GrantStory {
  return {
    clientId: row.client,
    sid: row.sid,
    grantedAt: row.granted_at,
    codeExpires: row.code_expires,
    generation: row.generation,
    issuedAt: row.generation === 0 ? null : row.issued_at,
    supersededAt: generation === null ? null : supersededAt(row, generation),
    tokensEnd: row.tokens_end,
    ended: endingOf(view, row),
    consented: row.record === '' ? null : readConsent(row),
  }
}

function endingOf(view: View, row: GrantRow): GrantStory['ended'] {
  if (row.ended_by !== null) return { by: row.ended_by, at: row.ended_at }
  return endedWith(view, row) ?? (row.revoked === 1 ? { by: null, at: null } : null)
}

function sessionStory(view: View, sid: Sid): SessionStory | null {
  const row = findSession(view, sid)
  // Of an erased session only its id is left, and none of its names.
  if (row === undefined || row.subject === '' || row.epoch < erasedEpoch(view)) return null
  const { subject, auth_time: authTime, ends, ended } = row
  const withAll = row.epoch < loginEpoch(view) ? secondsOf(milliseconds(loginEpoch(view))) : null
  const endedAt = row.ended_at ?? withAll
  return { subject, authTime, remember: row.remember === 1, ends, ended: ended === 1, endedAt }
}

/** What became of a device's request. */
export interface DeviceStory {
  /** What the device asked for: its parameters as a query string. */
  readonly request: string
  readonly status: Row<'devices'>['status']
  readonly expires: Seconds
  /** The grant that its user gave it; null if there is none. */
  readonly grantId: GrantId | null
}

/** Returns the request of a device, also one that expired; null if there is no row. `id` is null for whichever there is. */
export function deviceStory(view: View, { id }: { readonly id: string | null }): DeviceStory | null {
  const rows = view.tables.select('devices', '*')
  const row = rows.find((one) => id === null || one.id === id)
  if (row === undefined) return null
  return { request: row.request, status: row.status, expires: row.expires, grantId: row.grant_id }
}
