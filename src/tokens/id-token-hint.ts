import * as v from 'valibot'
import type { RequestContext } from '../context.ts'
import { sealed } from '../crypto/sealed.ts'
import { tuple } from '../crypto/tuple.ts'
import { invalidRequest } from '../errors/oauth-error.ts'
import { readEntries, toQuery } from '../http/form.ts'
import { kindOf } from '../keys/jwt-kind.ts'
import { isSignedBy, readJwt } from '../keys/read-jwt.ts'
import { ID_TOKEN_SET } from '../keys/ring.ts'
import { type Owner, ownersOf, withoutPlace } from '../ledger/owner.ts'
import type { Runtime } from '../runtime.ts'
import type { ClientRecord } from '../store/types.ts'
import { nowSeconds, type Seconds, seconds } from '../util/clock.ts'
import type { Sid } from '../util/ids.ts'
import { type JsonObject, pick } from '../util/json.ts'
import { jsonObject } from '../util/json-value.ts'
import { sid } from '../util/schema.ts'
import { isPairwise, pairwiseSids } from './subject.ts'

const hintFormat = v.object({
  iss: v.string(),
  sub: v.string(),
  aud: v.union([v.string(), v.array(v.string())]),
  sid: v.optional(sid),
  iat: v.number(),
})

/** How far ahead of ours another machine's clock may be, in seconds. */
const SKEW_SECONDS = 60

/** How much longer than its flow a sealed hint is good, in seconds: an expired flow may start again. */
const KEEP_SECONDS = seconds(24 * 3600)

/**
 * Largest claims that a sealed hint keeps whole, in characters of JSON: a usual request stays under 2,000 characters. Of
 * larger ones only these are kept.
 */
const MAX_CLAIMS = 550
const KEPT: readonly string[] = 'iss sub aud exp iat auth_time sid jti nonce acr amr rat'.split(' ')

/** Hints that were verified. Format 1, a tuple. */
const sealedHints = sealed('id_token_hint', tuple({ claims: jsonObject }))

/** What an ID token hint says: its subject's ledger, its session, and its clients. */
export interface Hint {
  /** Where the session's ledger is, or every ledger in which the session may be. */
  readonly owners: readonly [Owner, ...Owner[]]
  readonly sid: Sid | undefined
  readonly subject: string
  readonly audience: readonly string[]
  readonly claims: JsonObject
}

/**
 * Verifies an `id_token_hint` against every published key; an expired one is accepted (OIDC Core section 3.1.2.1). One
 * that was verified and sealed before is opened instead.
 *
 * @param asking - the client that sends it; a pairwise client may not send another client's ID token, because it would
 *   learn whose it is
 * @throws `invalid_request` for anything that this server did not sign, or, if that client is pairwise, did not issue
 *   to it
 */
export async function verifyIdTokenHint(
  { rt }: RequestContext,
  hint: string,
  asking?: ClientRecord,
): Promise<Hint> {
  const claims = (await openSealed(rt, hint)) ?? (await verifiedClaims(rt, hint))
  const parsed = v.safeParse(hintFormat, claims)
  if (claims === undefined || !parsed.success) throw invalidRequest('hint_foreign')
  const { sub, sid: shown, aud } = parsed.output
  const isOwn = asking === undefined || !isPairwise(asking) || [aud].flat().includes(asking.id)
  if (!isOwn) throw invalidRequest('hint_foreign')
  const session = shown === undefined ? undefined : await pairwiseSids.open(rt, shown)
  return {
    owners: session === undefined ? ownersOf('subject', sub, rt.config.residency) : [session.owner],
    sid: session?.sid ?? shown,
    subject: sub,
    audience: [aud].flat(),
    claims,
  }
}

/** Whether a hint is about the subject of a ledger, wherever that is. */
export const isHintOf = ({ owners: [owner] }: Hint, other: Owner): boolean =>
  withoutPlace(owner) === withoutPlace(other)

/** The claims of an ID token that this server signed; `undefined` for anything else. */
async function verifiedClaims(rt: Runtime, hint: string): Promise<JsonObject | undefined> {
  const jwt = readJwt(hint)
  const parsed = v.safeParse(hintFormat, jwt?.claims)
  // The same key signs logout tokens, userinfo and credentials, which prove no login (RFC 8725 section 3.11).
  const isOurs = parsed.success && parsed.output.iss === rt.config.urls.issuer
  const isIdToken = isOurs && jwt !== undefined && kindOf(jwt) === 'id_token'
  const isNow = isIdToken && parsed.output.iat <= nowSeconds() + SKEW_SECONDS
  return isNow && (await isSignedBy(rt.keys, ID_TOKEN_SET, hint)) ? claimsOf(hint) : undefined
}

async function openSealed(rt: Runtime, hint: string): Promise<JsonObject | undefined> {
  const opened = await sealedHints.open(rt, hint)
  return (opened?.expiresAt ?? 0) > nowSeconds() ? opened?.claims : undefined
}

const claimsOf = (jwt: string): JsonObject | undefined =>
  v.parse(v.optional(jsonObject), readJwt(jwt)?.claims)

/**
 * Replaces the hint in a query that is kept: its claims, sealed, are shorter than its text and spare a second
 * verification. Claims of the app are left out of a long one.
 *
 * @param expiresAt - when the flow expires, in seconds since the epoch
 */
export async function withSealedHint(
  rt: Runtime,
  query: string,
  { claims }: Hint,
  expiresAt: Seconds,
): Promise<string> {
  const isShort = JSON.stringify(claims).length <= MAX_CLAIMS
  const kept = isShort ? claims : pick(claims, (name) => KEPT.includes(name))
  const text = await sealedHints.seal(rt, { claims: kept }, seconds(expiresAt + KEEP_SECONDS))
  return toQuery(readEntries(query).map(([name, value]) => [name, name === 'id_token_hint' ? text : value]))
}

/** The claims of a hint that was verified before, for the login and consent apps; `undefined` if it cannot be read. */
export async function hintClaims(rt: Runtime, hint: string): Promise<JsonObject | undefined> {
  return (await sealedHints.open(rt, hint))?.claims ?? claimsOf(hint)
}
