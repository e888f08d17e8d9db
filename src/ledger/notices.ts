import { after, type Seconds, seconds } from '../util/clock.ts'
import { type ClientId, clientIdOf } from '../util/ids.ts'
import { readNotify } from './grant-record.ts'
import { toldAtEnd } from './indexes.ts'
import type { ReadableTables } from './readable-tables.ts'
import type { Row } from './schema.ts'
import type { Transaction, View } from './transaction.ts'

/** A client that is notified when a session ends. */
export interface LogoutRecipient {
  readonly client: ClientId
  /** Id of the creation of the client that got a grant. A later client of the same id is not notified. */
  readonly instance: string
  /** The subject, by the client's name for it. */
  readonly subject: string
  /** The session, by the client's name for it. */
  readonly sid: string
}

/** One try of a notice. */
interface Tried {
  /** Whether it is the last before the day is over. */
  readonly last?: true
}

/** A notification that is queued for a client (OIDC Back-Channel Logout 1.0). */
export interface ClientNotice extends LogoutRecipient, Tried {
  readonly kind: 'client'
  /** The `jti` of the logout token, the same at every try. */
  readonly id: string
}

/** A request to the identity provider, to end the session there that belongs to the one that ended here. */
export interface ProviderNotice extends Tried {
  readonly kind: 'identity_provider'
  readonly id: string
  /** The session, by the provider's id. */
  readonly sid: string
}

/** Something that is queued because a session ended, and tried until it is settled or a day is over. */
export type Notice = ClientNotice | ProviderNotice

/**
 * The pause before the next try, by the number of tries that the alarm made, seconds. The request that ended the
 * session makes the very first try.
 */
const RETRY_PAUSES = [seconds(60), seconds(300), seconds(1800), seconds(7200), seconds(21_600)] as const

/** How long a notice is retried, seconds. */
const RETRY_SECONDS = seconds(86_400)

/** The largest number of tries in one run of the alarm. The next run makes the others. */
const TRIES_PER_ALARM = 20

/** The largest number of notices in one answer. The alarm sends the others. */
const NOTICES_AT_ONCE = 500

const COLUMNS = ['id', 'client', 'instance', 'subject', 'sid', 'kind'] as const

type Stored = Row<'notices', (typeof COLUMNS)[number]>

const asNotice = ({ id, kind, client, instance, subject, sid }: Stored): Notice =>
  kind === 'client' ? { id, kind, client, instance, subject, sid } : { id, kind, sid }

/** The columns of a notice that is not for a client. */
const NO_CLIENT = { client: clientIdOf(''), instance: '', subject: '' } as const

/** Returns the clients that got a grant in this session, open or ended, and asked to be notified of its end. */
export function recipientsOf(view: View, session: Row<'sessions'>): readonly LogoutRecipient[] {
  const clients = toldAtEnd(view, session).toSorted((one, other) => (String(one) < String(other) ? -1 : 1))
  return clients.map(([client, notify]) => {
    const { instance, sub: subject = session.subject, sid = session.sid } = readNotify(notify)
    return { client, instance, subject, sid }
  })
}

/** What is queued when a session ends. */
export interface Queue {
  readonly clients: readonly LogoutRecipient[]
  /** The identity provider's id of the session that ended; empty for none. */
  readonly providerSession: string
  readonly attempt: string
  /** When the alarm makes its first try; a pause from now if absent, because the Worker makes one before it. */
  readonly due?: Seconds
}

/** Queues a notice for each of these clients, and one for the identity provider. Returns them. */
export function queueNotices(
  tx: Transaction,
  { clients, providerSession, attempt, due = after(tx.now, RETRY_PAUSES[0]) }: Queue,
): readonly Notice[] {
  const provider = { kind: 'identity_provider', ...NO_CLIENT, sid: providerSession } as const
  const queued = [
    ...clients.map((client) => ({ kind: 'client' as const, ...client })),
    ...(providerSession === '' ? [] : [provider]),
  ].map((notice) => ({ id: crypto.randomUUID(), ...notice }))
  const expires = after(tx.now, RETRY_SECONDS)
  for (const notice of queued) tx.tables.insert('notices', { ...notice, due, attempt, expires })
  if (queued.length > 0) tx.wake(due, 'notice')
  return queued.map(asNotice)
}

/** Returns the notices that an attempt queued and that are not settled, as many as a Worker should send at once. */
export const noticesOf = ({ tables }: View, attempt: string): readonly Notice[] =>
  tables.select('notices', COLUMNS, `WHERE attempt = ? LIMIT ${NOTICES_AT_ONCE}`, attempt).map(asNotice)

/** Whether a notice is due and has to be tried. */
export const hasDueNotice = ({ tables, now }: View): boolean =>
  tables.exists('notices', 'WHERE due <= ?1 AND expires > ?1', now)

/**
 * Returns the notices that are due. Each is rescheduled before it is tried, so a try that never returns is repeated.
 */
export function takeDueNotices(tx: Transaction): readonly Notice[] {
  const rest = `WHERE due <= ?1 AND expires > ?1 ORDER BY due LIMIT ${TRIES_PER_ALARM}`
  const found = tx.tables.select('notices', [...COLUMNS, 'tries', 'expires'], rest, tx.now)
  return found.map((notice) => {
    const { id, tries, expires } = notice
    const pause = RETRY_PAUSES[Math.min(tries + 1, RETRY_PAUSES.length - 1)] ?? RETRY_SECONDS
    const due = after(tx.now, pause)
    tx.tables.update('notices', id, { tries: tries + 1, due })
    return due < expires ? asNotice(notice) : { ...asNotice(notice), last: true }
  })
}

/** Deletes notices that arrived, or that never can. */
export function settleNotices({ tables }: Transaction, { ids }: { readonly ids: readonly string[] }): null {
  tables.delete('notices', ids)
  return null
}

/** Returns when the next notice is due, seconds since the epoch; null if there is none. */
export const nextNotice = (tables: ReadableTables): Seconds | null => tables.extreme('notices', 'MIN', 'due')
