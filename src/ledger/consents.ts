import type { Seconds } from '../util/clock.ts'
import type { ClientId, GrantId, Sid } from '../util/ids.ts'
import { PAGE_BYTES } from '../util/page-bytes.ts'
import { readConsent, type StoredGrant } from './grant-record.ts'
import { findOwn, type GrantRow } from './grant-row.ts'
import { isIndexed } from './indexes.ts'
import type { ReadableTables } from './readable-tables.ts'
import type { LoginInput } from './sessions.ts'
import { asItStands, conditions, isRemembered } from './standing.ts'
import { later, type Transaction, type View } from './transaction.ts'

/** Which consents a page of the admin list holds. */
export interface ListGrantsInput {
  /** The login session whose consents are listed; null for all. */
  readonly sid: Sid | null
  /** The last id of the previous page; null for the first page. */
  readonly after: GrantId | null
  /** When that one was granted. Absent from Workers of an older release. */
  readonly afterGrantedAt?: Seconds | null
  /** How many consents are skipped. */
  readonly offset?: number
  /** The largest number of consents on the page, which has no more bytes than a page may have. */
  readonly limit: number
}

/** An earlier consent. A request for no more than it covers may skip the consent question. */
export interface RememberedConsent {
  readonly id: GrantId
  /** The granted scopes. */
  readonly scope: readonly string[]
  /** The granted audience. Absent from ledgers of an older release, like `claims`: it then covers none. */
  readonly audience?: readonly string[]
  /** The names of the claims that its request asked for. */
  readonly claims?: readonly string[]
}

function consented(tables: ReadableTables): string {
  const { remembered, live, restedOn } = conditions(tables)
  return `skipped = 0 AND (${remembered} OR ${live} OR ${restedOn})`
}

/** A consent of the admin list, and when it was granted, which is its place in the list. */
export interface ListedConsent extends StoredGrant {
  readonly grantedAt: Seconds
}

const NEWEST_FIRST = 'ORDER BY granted_at DESC, id DESC'

/** Consents behind `after`. Its row may be gone, so its time comes along. */
const BEHIND = `(?2 IS NULL
  OR (granted_at, id) < (coalesce(?5, (SELECT granted_at FROM grants WHERE id = ?2), 0), ?2))`

/**
 * Lists the consents that are remembered or that live tokens rest on, the newest first. Skipped consents are not listed.
 */
export function listGrants({ tables, now }: View, input: ListGrantsInput): readonly ListedConsent[] {
  const { after, afterGrantedAt = null, sid, offset = 0, limit } = input
  // Only the records of the page are read, and not to be sorted.
  const counted = `SELECT id, granted_at, octet_length(record) AS bytes FROM grants
    WHERE ${consented(tables)} AND ${BEHIND} AND (?3 IS NULL OR sid = ?3) ${NEWEST_FIRST} LIMIT ?4 OFFSET ?6`
  const summed = `SELECT id, sum(bytes) OVER (${NEWEST_FIRST}) - bytes AS before FROM (${counted})`
  const page = `SELECT id FROM (${summed}) WHERE before < ${PAGE_BYTES}`
  const rows = tables.select(
    'grants',
    ['id', 'client', 'sid', 'record', 'granted_at'],
    `WHERE id IN (${page}) ${NEWEST_FIRST}`,
    ...[now, after, sid, limit, afterGrantedAt, offset],
  )
  return rows.map((row) => ({ ...readConsent(row), grantedAt: row.granted_at }))
}

/** Counts the consents that `listGrants` lists. With a null `sid` it counts those of all sessions. */
export const countGrants = ({ tables, now }: View, { sid }: { readonly sid: Sid | null }): number =>
  tables.count('grants', `WHERE ${consented(tables)} AND (?2 IS NULL OR sid = ?2)`, now, sid)

/**
 * Returns the client's newest remembered consent. Returns null if there is none, or if it was given before the client
 * was created again or its consent epoch was raised.
 */
export function rememberedConsent(
  view: View,
  { clientId, instance, consentEpoch = 0 }: Pick<LoginInput, 'clientId' | 'instance' | 'consentEpoch'>,
): RememberedConsent | null {
  const row = rememberedRow(view, clientId)
  if (row === undefined) return null
  const { id, scope, audience, claims = [], ...given } = readConsent(row)
  const isSame = given.instance === instance && (given.consentEpoch ?? 0) === consentEpoch
  return isSame ? { id, scope, audience, claims } : null
}

/** Returns the row of a client's remembered consent. At most one of them has not ended. */
export function rememberedRow(view: View, clientId: ClientId): GrantRow | undefined {
  const rows = isIndexed(view) ? indexed(view, clientId) : lookedUp(view, clientId)
  return rows.find((row) => isRemembered(row, view.now))
}

function indexed(view: View, clientId: ClientId): readonly GrantRow[] {
  const id = view.tables.find('remembered', clientId)?.id
  const row = id && findOwn(view, { id, clientId })
  return row ? [row] : []
}

/** Those that newer ones replaced are left out by the query: there may be many of them. */
const lookedUp = (view: View, clientId: ClientId): readonly GrantRow[] =>
  view.tables
    .select('grants', '*', `WHERE client = ?1 AND ${NOT_REPLACED} ${NEWEST_FIRST}`, clientId, view.now)
    .flatMap((row) => asItStands(view, row) ?? [])

const NOT_REPLACED = `remembered = 1 AND record <> '' AND (consent_ends IS NULL OR consent_ends > ?2)`

/**
 * Ends the remembered consent of a client, for a newer one to take its place. Its tokens, and the grants that rest on it,
 * stay valid. Its row is kept until those end.
 */
export function endRemembered(tx: Transaction, clientId: ClientId): void {
  const row = rememberedRow(tx, clientId)
  if (row === undefined) return
  const tokensEnd = row.revoked === 1 ? row.flow_expires : row.tokens_end
  const expires = tokensEnd === null ? row.expires : later(row.flow_expires, tokensEnd)
  tx.tables.update('grants', row.id, { consent_ends: tx.now, expires })
  if (expires !== null) tx.wakeForLogin(expires, expires)
}
