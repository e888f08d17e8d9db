import { type GrantRow, readConsent } from './grant-row.ts'
import type { ListGrantsInput, StoredGrant } from './grant-types.ts'
import type { LoginInput } from './session-types.ts'
import type { Work } from './work.ts'

const CONSENTED = `skipped = 0 AND revoked = 0 AND (expires IS NULL OR expires > ?1)
  AND (consent_ends IS NULL OR consent_ends > ?1)`

/** Consents that count, in order of id. */
export function listGrants(work: Work, input: ListGrantsInput): readonly StoredGrant[] {
  const rows = work.tables.rows<Pick<GrantRow, 'id' | 'record'>>(
    'grants',
    `SELECT id, record FROM grants WHERE ${CONSENTED} AND id > ?2 AND (?3 IS NULL OR sid = ?3) ORDER BY id LIMIT ?4`,
    ...[work.now, input.after ?? '', input.sid, input.limit],
  )
  return rows.map(readConsent)
}

/** How many consents count, of one session or of all. */
export function countGrants(work: Work, { sid }: { readonly sid: string | null }): number {
  const sql = `SELECT count(*) AS total FROM grants WHERE ${CONSENTED} AND (?2 IS NULL OR sid = ?2)`
  return work.tables.rows<{ total: number }>('grants', sql, work.now, sid)[0]?.total ?? 0
}

/** Scopes of the client's newest remembered consent that counts; one given to the client as it was before does not. */
export function rememberedScope(
  work: Work,
  { clientId, instance, consentEpoch = 0 }: Pick<LoginInput, 'clientId' | 'instance' | 'consentEpoch'>,
): readonly string[] | null {
  const [row] = work.tables.rows<Pick<GrantRow, 'id' | 'record'>>(
    'grants',
    `SELECT id, record FROM grants WHERE ${CONSENTED} AND remembered = 1 AND client = ?2
       AND record ->> 'instance' = ?3 AND coalesce(record ->> 'consentEpoch', 0) = ?4
     ORDER BY granted_at DESC, id DESC LIMIT 1`,
    ...[work.now, clientId, instance, consentEpoch],
  )
  return row === undefined ? null : readConsent(row).scope
}
