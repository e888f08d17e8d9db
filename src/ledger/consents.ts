import { type GrantRow, readConsent } from './grant-row.ts'
import type { ListGrantsInput, StoredGrant } from './grant-types.ts'
import type { LoginInput, RememberedConsent } from './session-types.ts'
import { isRestedOn, LIVE, REMEMBERED, RESTED_ON } from './standing.ts'
import type { Transaction } from './transaction.ts'

const CONSENTED = `skipped = 0 AND (${REMEMBERED} OR ${LIVE} OR ${RESTED_ON})`

/** Consents that are remembered or on which live tokens rest, in order of id. */
export function listGrants(tx: Transaction, input: ListGrantsInput): readonly StoredGrant[] {
  const rows = tx.tables.rows<Pick<GrantRow, 'id' | 'record'>>(
    'grants',
    `SELECT id, record FROM grants WHERE ${CONSENTED} AND id > ?2 AND (?3 IS NULL OR sid = ?3) ORDER BY id LIMIT ?4`,
    ...[tx.now, input.after ?? '', input.sid, input.limit],
  )
  return rows.map(readConsent)
}

/** How many of them there are, of one session or of all. */
export function countGrants(tx: Transaction, { sid }: { readonly sid: string | null }): number {
  const sql = `SELECT count(*) AS total FROM grants WHERE ${CONSENTED} AND (?2 IS NULL OR sid = ?2)`
  return tx.tables.rows<{ total: number }>('grants', sql, tx.now, sid)[0]?.total ?? 0
}

/** The client's newest remembered consent; one given to the client as it was before does not count. */
export function rememberedConsent(
  tx: Transaction,
  { clientId, instance, consentEpoch = 0 }: Pick<LoginInput, 'clientId' | 'instance' | 'consentEpoch'>,
): RememberedConsent | null {
  const [row] = tx.tables.rows<Pick<GrantRow, 'id' | 'record'>>(
    'grants',
    `SELECT id, record FROM grants WHERE ${REMEMBERED} AND client = ?2 ORDER BY granted_at DESC, id DESC LIMIT 1`,
    ...[tx.now, clientId],
  )
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
  newer: { readonly id: string; readonly clientId: string },
): void {
  const query = `SELECT * FROM grants WHERE ${REMEMBERED} AND client = ?2 AND id <> ?3`
  for (const row of tx.tables.rows<GrantRow>('grants', query, tx.now, newer.clientId, newer.id)) {
    const tokensEnd = row.revoked === 1 ? 0 : row.tokens_end
    const expires = tokensEnd === null ? row.expires : Math.max(row.flow_expires, tokensEnd)
    const over = row.revoked === 1 && !isRestedOn(tx, row.id)
    tx.tables.update('grants', row.id, { consent_ends: tx.now, expires, ...(over && { record: '' }) })
    tx.wake(expires)
  }
}
