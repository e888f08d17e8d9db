import { fitting, readStored } from '../errors/stored-json.ts'
import type { Seconds } from '../util/clock.ts'
import { arrayOf, isBoolean, isNumber, isText, objectOf, orAbsent, orNull } from '../util/guard.ts'
import type { ClientId, GrantId, Sid } from '../util/ids.ts'
import { isJsonObject, type Json, type JsonObject } from '../util/json.ts'
import type { GrantRow } from './grant-row.ts'
import { compact, expanded } from './record-form.ts'

/** A grant as the user consented to it. It is written once and read by every token operation. */
export interface GrantRecord {
  readonly subject: string
  readonly clientId: ClientId
  /** Id of the creation of the client that the user consented to (`ClientRecord.instance`). */
  readonly instance: string
  /** The client's consent epoch at the time, absent for 0. The consent is not remembered for any other epoch. */
  readonly consentEpoch?: number
  /** The login session in which the user consented. */
  readonly sid: Sid
  /** The raw query of the authorization request, without the leading `?`. */
  readonly query: string
  /** When the flow began. */
  readonly requestedAt: Seconds
  /** When the user logged in (`auth_time`). */
  readonly authTime: Seconds
  /** The granted scopes. */
  readonly scope: readonly string[]
  /** The granted audience. */
  readonly audience: readonly string[]
  readonly requestedScope: readonly string[]
  readonly requestedAudience: readonly string[]
  /** The `nonce` of the authorization request. */
  readonly nonce: string | null
  readonly acr: string
  readonly amr: readonly string[]
  /** Whether the app wants the consent remembered. */
  readonly remember: boolean
  /** How long it is remembered; 0 for ever. */
  readonly rememberFor: Seconds
  /** When the app accepted the consent request. */
  readonly handledAt: Seconds
  /** The custom claims that the app gave for access tokens. */
  readonly accessTokenClaims: JsonObject
  /** The custom claims that the app gave for ID tokens. */
  readonly idTokenClaims: JsonObject
  /** The `context` that the apps passed along. */
  readonly context: Json
  /** `device` if no client sent the browser; `query` is no authorization request then. Absent otherwise. */
  readonly channel?: string | undefined
  /** The names of the claims that the request asked for; absent for none, and in records of an older release. */
  readonly claims?: readonly string[] | undefined
  /** The `sub` and `sid` by which a pairwise client knows the subject and the session. */
  readonly pairwise?: { readonly sub: string; readonly sid: string } | undefined
}

/** A grant and its id. */
export interface StoredGrant extends GrantRecord {
  readonly id: GrantId
}

/** The custom claims for each kind of token. */
export type CustomClaims = Pick<GrantRecord, 'accessTokenClaims' | 'idTokenClaims'>

/** The content of `record`, whatever its version. */
interface StoredRecord extends GrantRecord {
  /** The claims that a token hook returned. Tokens get these instead of the claims of the consent. */
  readonly hooked?: CustomClaims
}

const isTexts = arrayOf(isText)
const isSeconds = (value: unknown): value is Seconds => isNumber(value)
const isSid = (value: unknown): value is Sid => isText(value)
const isClientId = (value: unknown): value is ClientId => isText(value)
const isClaims = { accessTokenClaims: isJsonObject, idTokenClaims: isJsonObject }

/** Checks the content of `record`. Members that a newer release added stay in it when it is written again. */
const readForm = fitting(
  objectOf<StoredRecord>({
    subject: isText,
    clientId: isClientId,
    instance: isText,
    consentEpoch: orAbsent(isNumber),
    sid: isSid,
    query: isText,
    requestedAt: isSeconds,
    authTime: isSeconds,
    scope: isTexts,
    audience: isTexts,
    requestedScope: isTexts,
    requestedAudience: isTexts,
    nonce: orNull(isText),
    acr: isText,
    amr: isTexts,
    remember: isBoolean,
    rememberFor: isSeconds,
    handledAt: isSeconds,
    ...isClaims,
    // Every value that was parsed from JSON is JSON.
    context: (value): value is Json => value !== undefined,
    channel: orAbsent(isText),
    claims: orAbsent(isTexts),
    pairwise: orAbsent(objectOf<NonNullable<GrantRecord['pairwise']>>({ sub: isText, sid: isText })),
    hooked: orAbsent(objectOf<CustomClaims>(isClaims)),
  }),
)

/** What is needed of a row to read its record. */
type RecordRow = Pick<GrantRow, 'id' | 'client' | 'sid' | 'granted_at' | 'record'>

/** Returns a record in its stored form (record-form.ts). */
export const encodeRecord = (record: GrantRecord): string => compact(record)

/** Returns the stored record of a consent whose tokens ended: without claims, context and nonce. */
export function withoutClaims(row: RecordRow): string {
  const { hooked: _hooked, ...record } = parse(row)
  return compact({ ...record, accessTokenClaims: {}, idTokenClaims: {}, context: null, nonce: null })
}

/** The content of `notify`: the instance of a client to notify, and its own names for subject and session, if any. */
interface Notify {
  readonly instance: string
  readonly sub?: string
  readonly sid?: string
}
const readNames = fitting(
  objectOf<Notify>({ instance: isText, sub: orAbsent(isText), sid: orAbsent(isText) }),
)

/** Returns the stored form of `notify` for a grant. */
export const encodeNotify = ({ instance, pairwise }: GrantRecord): string =>
  JSON.stringify({ instance, ...pairwise } satisfies Notify)

/** Reads the stored form of `notify`. Throws as `readRecord`. */
export const readNotify = (notify: string): Notify => readStored(notify, 'grants.notify', readNames)

/** Returns the stored record with the claims of a token hook. The claims of the consent are kept. */
export function hookedRecord(row: RecordRow, hooked: CustomClaims): string {
  const record: StoredRecord = { ...parse(row), hooked }
  return compact(record)
}

/**
 * Reads the record of a row whose tokens are not revoked, with the claims of a token hook if one gave any.
 * @throws OAuthError `server_error` for a form that this release does not know. It never means "no such grant".
 */
export function readRecord(row: RecordRow): StoredGrant {
  const { hooked, ...record } = parse(row)
  return { id: row.id, ...record, ...hooked }
}

/** Reads the record as the user consented to it, without the claims of a token hook. Throws as `readRecord`. */
export function readConsent(row: RecordRow): StoredGrant {
  const { hooked: _hooked, ...record } = parse(row)
  return { id: row.id, ...record }
}

/** Reads the claims of a token hook; undefined if none gave any. Throws as `readRecord`. */
export const readHooked = (row: RecordRow): CustomClaims | undefined => parse(row).hooked

const parse = (row: RecordRow): StoredRecord =>
  readStored(row.record, 'grants.record', (stored) =>
    readForm(expanded(stored, { clientId: row.client, sid: row.sid, handledAt: row.granted_at })),
  )
