import { OAuthError } from '../errors/oauth-error.ts'
import type { CustomClaims, GrantRecord, StoredGrant } from './grant-types.ts'
import { findAlive, type Transaction } from './transaction.ts'

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
  readonly notify: string
  readonly rests_on: string
  readonly tokens_end: number | null
}

/** The row of a grant, revoked ones too; undefined when there is none or it expired. */
export function findGrant(tx: Transaction, id: string): GrantRow | undefined {
  return findAlive<GrantRow>(tx, 'grants', id)
}

/** The row of a grant of this client, revoked ones too. */
export function findOwn(
  tx: Transaction,
  { id, clientId }: { readonly id: string; readonly clientId: string },
): GrantRow | undefined {
  const row = findGrant(tx, id)
  return row?.client === clientId ? row : undefined
}

/** A record as it is stored. */
export function encodeRecord(record: GrantRecord): string {
  return JSON.stringify({ v: RECORD_VERSION, ...record })
}

/** The record of a consent whose tokens ended: without what went into them. */
export function withoutClaims(row: Pick<GrantRow, 'record'>): string {
  const { hooked: _hooked, ...record } = parse(row)
  const emptied = { accessTokenClaims: {}, idTokenClaims: {}, context: null, nonce: null }
  return JSON.stringify({ ...record, ...emptied } satisfies typeof record)
}

/** Whom to tell of the session's end, as `notify` holds it: which creation of the client, and by which names. */
interface Notify {
  readonly instance: string
  readonly sub?: string
  readonly sid?: string
}

/** The content of `notify`. */
export const encodeNotify = ({ instance, pairwise }: GrantRecord): string =>
  JSON.stringify({ instance, ...pairwise } satisfies Notify)

/** Reads it. */
export const readNotify = (notify: string): Notify => JSON.parse(notify)

/** The record of a commit beside a token hook: what was consented to stays, and the hook's claims count from now on. */
export function hookedRecord(row: Pick<GrantRow, 'record'>, hooked: CustomClaims | undefined): string {
  return hooked === undefined ? row.record : JSON.stringify({ ...parse(row), hooked })
}

/**
 * The record of a row whose tokens are not revoked, with the claims of a token hook if one gave any.
 * @throws OAuthError `server_error` for a version this release does not know: never taken for "no such grant".
 */
export function readRecord(row: Pick<GrantRow, 'id' | 'record'>): StoredGrant {
  const { v: _v, hooked, ...record } = parse(row)
  return { id: row.id, ...record, ...hooked }
}

/** The record as it was consented to. Throws as `readRecord`. */
export function readConsent(row: Pick<GrantRow, 'id' | 'record'>): StoredGrant {
  const { v: _v, hooked: _hooked, ...record } = parse(row)
  return { id: row.id, ...record }
}

function parse({ record }: Pick<GrantRow, 'record'>): GrantRecord & {
  readonly v: number
  readonly hooked?: CustomClaims
} {
  const stored: ReturnType<typeof parse> = JSON.parse(record)
  if (stored.v !== RECORD_VERSION)
    throw new OAuthError('server_error', 'stored_unreadable', { place: 'grants.record' })
  return stored
}
