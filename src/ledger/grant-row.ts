import { OAuthError } from '../errors/oauth-error.ts'
import type { GrantRecord, StoredGrant } from './types.ts'
import { alive, type Work } from './work.ts'

/** Version of the JSON in `record`. */
const RECORD_VERSION = 1

/** A row of `grants`. */
export type GrantRow = {
  readonly id: string
  readonly client: string
  readonly sid: string
  readonly skipped: number
  readonly remembered: number
  readonly revoked: number
  readonly consent_ends: number | null
  readonly granted_at: number
  readonly digest: string
  readonly code_expires: number
  readonly flow_expires: number
  readonly code_attempt: string | null
  readonly generation: number
  readonly issued_at: number
  readonly attempt: string
  readonly recent: string
  readonly expires: number | null
  readonly record: string
}

/** The row of a grant, revoked ones too; undefined when there is none or it expired. */
export function findGrant(work: Work, id: string): GrantRow | undefined {
  if (!work.tables.has('grants')) return undefined
  const row = work.sql.exec<GrantRow>('SELECT * FROM grants WHERE id = ?', id).toArray()[0]
  return row !== undefined && alive(row.expires, work.now) ? row : undefined
}

/** The row of a grant that is in force for this client. */
export function findActive(work: Work, id: string, clientId: string): GrantRow | undefined {
  const row = findGrant(work, id)
  return row !== undefined && row.revoked === 0 && row.client === clientId ? row : undefined
}

/** A record as it is stored. */
export function encodeRecord(record: GrantRecord): string {
  return JSON.stringify({ v: RECORD_VERSION, ...record })
}

/**
 * The record of a row that is not revoked.
 * @throws OAuthError `server_error` for a version this release does not know: never taken for "no such grant".
 */
export function readRecord(row: Pick<GrantRow, 'id' | 'record'>): StoredGrant {
  const stored: GrantRecord & { readonly v: number } = JSON.parse(row.record)
  const { v, ...record } = stored
  if (v !== RECORD_VERSION) throw new OAuthError('server_error', 'A stored grant has an unknown version.')
  return { id: row.id, ...record }
}
