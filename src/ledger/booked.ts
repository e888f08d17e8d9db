import { OAuthError } from '../errors/oauth-error.ts'
import type { Seconds } from '../util/clock.ts'
import type { ClientId, GrantId } from '../util/ids.ts'
import { rememberedRow } from './consents.ts'
import { type GrantRecord, readConsent } from './grant-record.ts'
import type { GrantRow } from './grant-row.ts'
import { isIndexed } from './indexes.ts'
import { asItStands, conditions } from './standing.ts'
import type { View } from './transaction.ts'

/*
 * What a ledger tells the grants book (store/grants-book.ts), which has one row for each subject and client. It tells it
 * from what it has: no row is written for it.
 */

/** A grant that was just made. */
interface NewGrant {
  readonly id: GrantId
  readonly record: Pick<GrantRecord, 'clientId' | 'scope' | 'handledAt' | 'rememberFor'>
}

/** What a new grant tells the book. */
export interface Booking {
  /** When the grant was made. */
  readonly at: Seconds
  /** When the consent ends that is now remembered of the client; null for never, and `at` if none is. */
  readonly consentEnds: Seconds | null
}

const DAY = 86_400

/**
 * Returns what a grant tells the book; null if one of the same day (UTC) to the same client, which stands, told it the
 * same scopes and as good as the same end.
 *
 * @param at - when the grant was made
 */
export function bookingOf(view: View, grant: NewGrant, at: Seconds): Booking | null {
  const remembered = rememberedRow(view, grant.record.clientId)
  const earlier = earlierOfDay(view, grant)
  if (earlier !== undefined && isSame(view, earlier, grant, remembered?.id === grant.id)) return null
  return { at, consentEnds: remembered === undefined ? at : remembered.consent_ends }
}

/**
 * Returns the last other grant of the day to the same client. It is not looked for among very many: what they tell is
 * written down, be it news or not.
 */
function earlierOfDay(view: View, { id, record }: NewGrant): GrantRow | undefined {
  if (isIndexed(view)) return undefined
  const day = Math.floor(record.handledAt / DAY)
  const ofDay = `WHERE client = ? AND granted_at / ${DAY} = ? AND id <> ?
    ORDER BY granted_at DESC, id DESC LIMIT 1`
  return view.tables.select('grants', '*', ofDay, record.clientId, day, id)[0]
}

function isSame(view: View, row: GrantRow, { record }: NewGrant, isRemembered: boolean): boolean {
  if (asItStands(view, row)?.revoked !== 0) return false
  const told = readIfPossible(row)
  if (told === undefined) return false
  const { scope, rememberFor } = told
  if (isRemembered && (row.remembered === 0 || rememberFor !== record.rememberFor)) return false
  const known = new Set(scope)
  return known.size === new Set(record.scope).size && record.scope.every((value) => known.has(value))
}

/** No login fails because an earlier grant cannot be read. */
function readIfPossible(row: GrantRow): GrantRecord | undefined {
  try {
    return readConsent(row)
  } catch (thrown) {
    if (thrown instanceof OAuthError) return undefined
    throw thrown
  }
}

/** An input that may ask what ended. */
export interface AskingForEnds {
  /** Whether the answer says of which clients nothing is left, for the grants book. Absent for no. */
  readonly tellEnds?: boolean
}

/** What is over of a subject. */
export interface Ends {
  /** When that was so. */
  readonly at: Seconds
  readonly subject: string
  /** The clients with neither a remembered consent, nor live tokens or a code for them; null for all. */
  readonly clients: readonly ClientId[] | null
}

/** An answer that may say what ended. */
export interface TellingEnds {
  /** Absent if nobody asked, or if something is alive of each client in question. */
  readonly ends?: Ends
}

/** The largest number of grants that are looked at. Of a subject with more the rows of the book go when they expire. */
const MOST = 1000

/**
 * Returns of which clients nothing is left, if the input asks for it. To be called behind the changes of the call.
 *
 * @param clients - the clients in question; null for all that grants name
 */
export function endsAmong(
  view: View,
  input: AskingForEnds,
  clients: readonly ClientId[] | null,
): TellingEnds {
  if (input.tellEnds !== true || clients?.length === 0 || areTooMany(view)) return {}
  const [one, ...others] = clients ?? []
  const standing = new Set(standingOf(view, others.length === 0 ? one : undefined))
  const over = [...new Set(clients ?? namedByGrants(view))].filter((client) => !standing.has(client))
  return over.length === 0 ? {} : endsOf(view, input, over)
}

/**
 * Returns that clients are over, if the input asks for it.
 *
 * @param clients - the clients of which nothing is left; null for all
 */
export function endsOf(
  { tables, now }: View,
  { tellEnds }: AskingForEnds,
  clients: Ends['clients'],
): TellingEnds {
  if (tellEnds !== true) return {}
  const [session] = tables.select('sessions', ['subject'], "WHERE subject <> '' LIMIT 1")
  return session === undefined ? {} : { ends: { at: now, subject: session.subject, clients } }
}

const areTooMany = (view: View): boolean =>
  isIndexed(view) && view.tables.select('grants', ['id'], `LIMIT ${MOST + 1}`).length > MOST

const namedByGrants = ({ tables }: View): readonly ClientId[] =>
  tables.select('grants', ['client'], 'GROUP BY client').map(({ client }) => client)

/** Returns the clients with something alive: all, or the one in question if it has. */
function standingOf({ tables, now }: View, one: ClientId | undefined): readonly ClientId[] {
  const { live, remembered } = conditions(tables)
  const some = one === undefined ? 'GROUP BY client' : 'LIMIT 1'
  const found = tables.select(
    'grants',
    ['client'],
    `WHERE (?2 IS NULL OR client = ?2) AND ((${remembered}) OR (${live})) ${some}`,
    ...[now, one ?? null],
  )
  return found.map(({ client }) => client)
}
