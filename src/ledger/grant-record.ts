import { fitting, readStored } from '../errors/stored-json.ts'
import type { Seconds } from '../util/clock.ts'
import { isBoolean, isNumber, isText, listOf, objectOf, orAbsent, orNull } from '../util/guard.ts'
import type { ClientId, GrantId, Sid } from '../util/ids.ts'
import { isJsonObject, type Json, type JsonObject } from '../util/json.ts'
import type { GrantRow } from './grant-row.ts'

/** A grant as it was consented to: written once, read by every token operation. */
export interface GrantRecord {
  readonly subject: string
  readonly clientId: ClientId
  /** Which creation of the client this was consented for. */
  readonly instance: string
  /** The client's consent epoch then, unless 0: remembered for another one it does not count. */
  readonly consentEpoch?: number
  readonly sid: Sid
  /** Raw query of the authorization request, without the leading `?`. */
  readonly query: string
  readonly requestedAt: Seconds
  readonly authTime: Seconds
  readonly scope: readonly string[]
  readonly audience: readonly string[]
  readonly requestedScope: readonly string[]
  readonly requestedAudience: readonly string[]
  readonly nonce: string | null
  readonly acr: string
  readonly amr: readonly string[]
  readonly remember: boolean
  readonly rememberFor: Seconds
  readonly handledAt: Seconds
  /** Custom claims the consent app gave for each kind of token. */
  readonly accessTokenClaims: JsonObject
  readonly idTokenClaims: JsonObject
  readonly context: Json
  /** How it was asked for, where the client did not send the browser itself: the query is no authorization request then. */
  readonly channel?: string | undefined
  /** What a pairwise client knows subject and session by. */
  readonly pairwise?: { readonly sub: string; readonly sid: string } | undefined
}

export interface StoredGrant extends GrantRecord {
  readonly id: GrantId
}

/** Custom claims for each kind of token. */
export type CustomClaims = Pick<GrantRecord, 'accessTokenClaims' | 'idTokenClaims'>

/** Version of the JSON in `record`. */
const RECORD_VERSION = 1

/** The content of `record`. */
interface StoredRecord extends GrantRecord {
  readonly v: typeof RECORD_VERSION
  /** The claims of a token hook: for tokens they count instead of those consented to. */
  readonly hooked?: CustomClaims
}

const isTexts = listOf(isText)
const isSeconds = (value: unknown): value is Seconds => isNumber(value)
const isSid = (value: unknown): value is Sid => isText(value)
const isClientId = (value: unknown): value is ClientId => isText(value)
const isClaims = { accessTokenClaims: isJsonObject, idTokenClaims: isJsonObject }

/** Its form; what a newer release adds stays in it when it is written again. */
const readForm = fitting(
  objectOf<StoredRecord>({
    v: (value): value is typeof RECORD_VERSION => value === RECORD_VERSION,
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
    // Whatever was parsed from JSON is JSON.
    context: (value): value is Json => value !== undefined,
    channel: orAbsent(isText),
    pairwise: orAbsent(objectOf<NonNullable<GrantRecord['pairwise']>>({ sub: isText, sid: isText })),
    hooked: orAbsent(objectOf<CustomClaims>(isClaims)),
  }),
)

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
const readNames = fitting(
  objectOf<Notify>({ instance: isText, sub: orAbsent(isText), sid: orAbsent(isText) }),
)

/** The content of `notify`. */
export const encodeNotify = ({ instance, pairwise }: GrantRecord): string =>
  JSON.stringify({ instance, ...pairwise } satisfies Notify)

/** Reads it. Throws as `readRecord`. */
export const readNotify = (notify: string): Notify => readStored(notify, 'grants.notify', readNames)

/** The record of a commit beside a token hook: what was consented to stays, and the hook's claims count from now on. */
export function hookedRecord(row: Pick<GrantRow, 'record'>, hooked: CustomClaims | undefined): string {
  return hooked === undefined ? row.record : JSON.stringify({ ...parse(row), hooked })
}

/**
 * The record of a row whose tokens are not revoked, with the claims of a token hook if one gave any.
 * @throws OAuthError `server_error` for a form this release does not know: never taken for "no such grant".
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

const parse = ({ record }: Pick<GrantRow, 'record'>): StoredRecord =>
  readStored(record, 'grants.record', readForm)
