import type { ClientId, GrantId, Sid } from '../util/ids.ts'
import { readConsent, type StoredGrant } from './grant-record.ts'
import type { LoginInput } from './sessions.ts'
import { isRestedOn, LIVE, REMEMBERED, RESTED_ON } from './standing.ts'
import { later, type Transaction, type View } from './transaction.ts'

/** Consent sessions for the admin list: those remembered or on which live tokens rest, `skipped` ones never. */
export interface ListGrantsInput {
  /** Of one session, or null for all. */
  readonly sid: Sid | null
  /** The last id of the page before, null for the first page. */
  readonly after: GrantId | null
  readonly limit: number
}

/** An earlier consent, which lets one within its scopes be skipped. */
export interface RememberedConsent {
  readonly id: GrantId
  readonly scope: readonly string[]
}

const CONSENTED = `skipped = 0 AND (${REMEMBERED} OR ${LIVE} OR ${RESTED_ON})`

/** Consents that are remembered or on which live tokens rest, in order of id. */
export function listGrants({ tables, now }: View, input: ListGrantsInput): readonly StoredGrant[] {
  const rest = `WHERE ${CONSENTED} AND id > ?2 AND (?3 IS NULL OR sid = ?3) ORDER BY id LIMIT ?4`
  const rows = tables.select(
    'grants',
    ['id', 'record'],
    rest,
    ...[now, input.after ?? '', input.sid, input.limit],
  )
  return rows.map(readConsent)
}

/** How many of them there are, of one session or of all. */
export const countGrants = ({ tables, now }: View, { sid }: { readonly sid: Sid | null }): number =>
  tables.count('grants', `WHERE ${CONSENTED} AND (?2 IS NULL OR sid = ?2)`, now, sid)

/** The client's newest remembered consent; one given to the client as it was before does not count. */
export function rememberedConsent(
  { tables, now }: View,
  { clientId, instance, consentEpoch = 0 }: Pick<LoginInput, 'clientId' | 'instance' | 'consentEpoch'>,
): RememberedConsent | null {
  const rest = `WHERE ${REMEMBERED} AND client = ?2 ORDER BY granted_at DESC, id DESC LIMIT 1`
  const [row] = tables.select('grants', ['id', 'record'], rest, now, clientId)
  if (row === undefined) return null
  const { id, scope, ...given } = readConsent(row)
  const isSame = given.instance === instance && (given.consentEpoch ?? 0) === consentEpoch
  return isSame ? { id, scope } : null
}

/**
 * Ends the remembered consents of a client that a newer one replaces. Their tokens live on, and so does what rests on
 * them; the rows are kept no longer than that.
 */
export function endOlderConsents(
  tx: Transaction,
  newer: { readonly id: GrantId; readonly clientId: ClientId },
): void {
  const rest = `WHERE ${REMEMBERED} AND client = ?2 AND id <> ?3`
  for (const row of tx.tables.select('grants', '*', rest, tx.now, newer.clientId, newer.id)) {
    const tokensEnd = row.revoked === 1 ? row.flow_expires : row.tokens_end
    const expires = tokensEnd === null ? row.expires : later(row.flow_expires, tokensEnd)
    const over = row.revoked === 1 && !isRestedOn(tx, row.id)
    tx.tables.update('grants', row.id, { consent_ends: tx.now, expires, ...(over && { record: '' }) })
    tx.wake(expires)
  }
}
