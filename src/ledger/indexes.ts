import type { ClientId, GrantId, Sid } from '../util/ids.ts'
import { readable } from './readable.ts'
import { type AtEnd, encodeRecipients, readRecipients } from './recipients.ts'
import type { Row } from './schema.ts'
import type { Transaction, View } from './transaction.ts'

/*
 * What a ledger knows of its grants besides their rows: which consent of a client is remembered (`remembered`), and which
 * clients a session tells of its end (`recipients`). Either would cost a row of a login, so a ledger with few grants
 * looks at all of them instead. The existence of `remembered` says that there were many once.
 */

type Writable = Pick<Transaction, 'tables'>

/** The largest number of grants that are looked at. */
const FEW = 100

/** Whether a ledger keeps the indexes. */
export const isIndexed = ({ tables }: Pick<View, 'tables'>): boolean => tables.has('remembered')

/** Notes which consent of a client is remembered, in a ledger that keeps the indexes. */
export function indexRemembered(
  tx: Transaction,
  { id, clientId }: { readonly id: GrantId; readonly clientId: ClientId },
): void {
  if (isIndexed(tx)) tx.tables.insert('remembered', { client: clientId, id })
}

/** Makes the indexes as soon as there are many grants. To be called after each new one. */
export function indexIfMany(tx: Transaction): void {
  if (isIndexed(tx) || tx.tables.select('grants', ['id'], `LIMIT 1 OFFSET ${FEW}`).length === 0) return
  makeIndexes(tx)
}

/**
 * Makes the indexes whole after a release came back that always kept them: it knew nothing of the grants that were made
 * without.
 */
export function repairIndexes(tx: Pick<Transaction, 'tables' | 'now'>): void {
  if (isIndexed(tx)) makeIndexes(tx)
}

function makeIndexes(tx: Pick<Transaction, 'tables' | 'now'>): void {
  tx.tables.make('remembered')
  const remembered = `WHERE remembered = 1 AND record <> '' AND (consent_ends IS NULL OR consent_ends > ?)
    ORDER BY granted_at, id`
  const consents = tx.tables.select('grants', ['client', 'id'], remembered, tx.now)
  for (const consent of consents) tx.tables.insert('remembered', consent)
  indexRecipients(tx)
}

/**
 * Notes the clients that grants alone name in the sessions that tell them, before those grants are deleted.
 * @param rest further conditions for the grants.
 */
export function indexRecipients(tx: Writable, rest = '', ...values: readonly number[]): void {
  const told = tx.tables.select(
    'grants',
    ['sid', 'client', 'notify'],
    `WHERE notify <> '' ${rest}`,
    ...values,
  )
  for (const { sid, client, notify } of told) tellAtEnd(tx, sid, [client, notify])
}

/** Returns the clients that a session tells of its end. */
export function toldAtEnd(view: View, session: Row<'sessions'>): readonly AtEnd[] {
  const known = readRecipients(session)
  if (isIndexed(view)) return known
  const rest = "WHERE sid = ? AND notify <> ''"
  const named = view.tables.select('grants', ['client', 'notify'], rest, session.sid)
  const all = [...known, ...named.map(({ client, notify }): AtEnd => [client, notify])]
  return [...new Map(all.map((client) => [String(client), client])).values()]
}

/** Whether a session tells a client of its end. */
export const isTold = (view: View, session: Row<'sessions'>, client: AtEnd): boolean =>
  toldAtEnd(view, session).some((known) => String(known) === String(client))

/**
 * Notes in a session a client that is told of its end. Costs a row for a client that it did not know. A list that cannot
 * be read stays as it is: a newer release may read it, and nothing else of the subject waits for that.
 */
export function tellAtEnd(tx: Writable, sid: Sid, client: AtEnd): void {
  const row = tx.tables.find('sessions', sid)
  if (row === undefined) return
  const known = readable('sessions', sid, () => readRecipients(row), null)
  if (known === null || known.some((one) => String(one) === String(client))) return
  tx.tables.update('sessions', sid, { recipients: encodeRecipients([...known, client]) })
}
