import type { Seconds } from '../util/clock.ts'
import type { ClientId, GrantId, Sid } from '../util/ids.ts'
import { type CustomClaims, readConsent, readHooked, type StoredGrant } from './grant-record.ts'
import type { GrantRow } from './grant-row.ts'
import type { Row } from './schema.ts'
import { isOpen, sessionAsItStands } from './sessions.ts'
import { asItStands, isLive, isRemembered } from './standing.ts'
import { later, type View } from './transaction.ts'

/** A session as it is stored: open, ended or over. */
interface HeldSession {
  readonly kind: 'session'
  readonly id: Sid
  readonly authTime: Seconds
  /** When it was used last, as far as the session itself knows. */
  readonly used: Seconds
  /** Whether later requests may recognise it by its cookie, and until when; null for ever. */
  readonly remember: boolean
  readonly ends: Seconds | null
  /** Whether it is open, so that its flows may go on. */
  readonly active: boolean
  /** The identity provider's id of its session; empty for none. */
  readonly providerSession: string
}

/** A grant as it is stored: a consent, its tokens, or what is left of both. */
interface HeldGrant {
  readonly kind: 'grant'
  readonly id: GrantId
  readonly client: ClientId
  readonly sid: Sid
  readonly grantedAt: Seconds
  /** When its tokens of today were made; 0 if its code was not redeemed. */
  readonly issuedAt: Seconds
  /** Whether there are tokens, or a code for them. */
  readonly active: boolean
  /** Whether later requests may skip the question, and until when; null for ever. */
  readonly remembered: boolean
  readonly consentEnds: Seconds | null
  /** What was consented to; null once tokens and consent ended. */
  readonly record: StoredGrant | null
  /** The claims of a token hook, which tokens get instead of those of the consent; null for none. */
  readonly hooked: CustomClaims | null
}

/** News of a session's end that a client did not get yet. */
interface HeldNotice {
  readonly kind: 'notice'
  readonly id: string
  /** Empty for the identity provider. */
  readonly client: ClientId
  /** When it is given up. */
  readonly expires: Seconds
}

/** One thing that is stored about a subject. */
export type Held = HeldSession | HeldGrant | HeldNotice

/** The place of a thing in the list of all that is stored about a subject. */
export type HeldPlace = Pick<Held, 'kind' | 'id'>

export interface ListHeldInput {
  /** The last place of the previous page; null for the first page. */
  readonly after: HeldPlace | null
  /** The largest number of things on the page. */
  readonly limit: number
  /** The page ends with the thing that makes it longer than this, in characters of JSON. */
  readonly size: number
}

export interface HeldPage {
  readonly held: readonly Held[]
  /** Whether there is more behind the page. */
  readonly more: boolean
}

/** How many rows are read at once: a record may have some hundred thousand characters. */
const ROWS_AT_ONCE = 20

/** Lists what this ledger holds about its subject: sessions, grants, then notices, each in the order of their ids. */
export function listHeld(view: View, { after, limit, size }: ListHeldInput): HeldPage {
  const held: Held[] = []
  let length = 0
  for (const one of everything(view, after)) {
    if (held.length === limit || length > size) return { held, more: true }
    held.push(one)
    length += JSON.stringify(one).length
  }
  return { held, more: false }
}

const KINDS = ['session', 'grant', 'notice'] as const satisfies readonly Held['kind'][]

function* everything(view: View, after: HeldPlace | null): Generator<Held> {
  const first = after === null ? 0 : KINDS.indexOf(after.kind)
  for (const kind of KINDS.slice(first)) {
    let last = kind === after?.kind ? after.id : ''
    for (;;) {
      const found = READERS[kind](view, last)
      yield* found
      last = found.at(-1)?.id ?? last
      if (found.length < ROWS_AT_ONCE) break
    }
  }
}

const NEXT = `ORDER BY 1 LIMIT ${ROWS_AT_ONCE}`

/** Read the next rows of a table behind an id. */
const READERS: { readonly [Kind in Held['kind']]: (view: View, id: string) => readonly Held[] } = {
  session: (view, id) =>
    view.tables
      .select('sessions', '*', `WHERE sid > ? AND subject <> '' ${NEXT}`, id)
      .map((row) => heldSession(view, row)),
  grant: (view, id) =>
    view.tables.select('grants', '*', `WHERE id > ? ${NEXT}`, id).map((row) => heldGrant(view, row)),
  notice: (view, id) =>
    view.tables
      .select('notices', ['id', 'client', 'expires'], `WHERE id > ? ${NEXT}`, id)
      .map((row) => ({ kind: 'notice', ...row })),
}

const heldSession = (view: View, row: Row<'sessions'>): HeldSession => ({
  kind: 'session',
  id: row.sid,
  authTime: row.auth_time,
  used: later(row.used, row.auth_time),
  remember: row.remember === 1,
  ends: row.ends,
  active: isOpen(sessionAsItStands(view, row), view.now),
  providerSession: row.provider_session,
})

function heldGrant(view: View, row: GrantRow): HeldGrant {
  const standing = asItStands(view, row)
  return {
    kind: 'grant',
    id: row.id,
    client: row.client,
    sid: row.sid,
    grantedAt: row.granted_at,
    issuedAt: row.issued_at,
    active: isLive(view, row),
    remembered: standing !== undefined && isRemembered(standing, view.now),
    consentEnds: row.consent_ends,
    record: row.record === '' ? null : readConsent(row),
    hooked: row.record === '' ? null : (readHooked(row) ?? null),
  }
}
