import { calculateJwkThumbprint } from 'jose'
import * as v from 'valibot'
import { OAuthError } from '../errors/oauth-error.ts'
import { parseBody } from '../flow/bodies.ts'
import { isPublicKey, mayVerify, publicMembers } from '../keys/foreign-keys.ts'
import { MAX_ISSUER, type TrustedIssuer } from '../store/trusted-issuers.ts'
import { isJsonObject } from '../util/json.ts'
import { jsonObject } from '../util/json-value.ts'
import { parseRfc3339 } from '../util/rfc3339.ts'
import { flag, instant, string, textList } from '../util/schema.ts'
import { SCOPE_TOKEN } from '../util/scope.ts'
import { isName, isPlainText } from '../util/text.ts'

/** Maximum total length of the scopes, in characters: keeps rows and copies small. */
const MAX_SCOPE = 10_000

const text = v.nullish(string, '')
/** Body that adds a trusted issuer (contract 1.4.7). */
export const trustBody = v.object(
  {
    issuer: text,
    subject: text,
    allow_any_subject: v.nullish(flag, false),
    scope: v.nullish(textList(), []),
    jwk: v.nullish(jsonObject),
    expires_at: v.nullish(instant),
  },
  'a JSON object that says whom to trust',
)

/**
 * Reads the body that adds a trusted issuer (contract 1.4.7).
 *
 * @param now - seconds since the epoch
 * @throws `undecodable_body` for wrong types, `missing_required_parameter` for broken rules
 */
export async function readTrust(json: unknown, now: number): Promise<Omit<TrustedIssuer, 'id'>> {
  // The parser takes a list for an object.
  const body = isJsonObject(json) ? json : undefined
  const read = parseBody(trustBody, body, (...why) => new OAuthError('undecodable_body', ...why))
  const { issuer, subject, allow_any_subject, scope, jwk, expires_at } = read
  const expiresAt = parseRfc3339(expires_at ?? '')
  if (issuer === '' || issuer.length > MAX_ISSUER || !isPlainText(issuer))
    throw broken('issuer', `text of 1 to ${MAX_ISSUER} characters`)
  if (allow_any_subject && subject !== '')
    throw new OAuthError('missing_required_parameter', 'fields_conflict', {
      field: 'subject',
      other: 'allow_any_subject',
    })
  if (!allow_any_subject && !isName(subject))
    throw broken('subject', "a name of 1 to 255 characters, or else 'allow_any_subject' true")
  if (scope.join(' ').length > MAX_SCOPE || !scope.every((value) => SCOPE_TOKEN.test(value)))
    throw broken('scope', `an array of scope tokens, at most ${MAX_SCOPE} characters in all`)
  if (!expiresAt || expiresAt <= now) throw broken('expires_at', 'an instant that lies ahead')
  const kid = jwk?.['kid']
  if (!jwk || typeof kid !== 'string' || !isName(kid) || !isPublicKey(jwk) || !mayVerify(jwk))
    throw broken('jwk', "a public key for signatures, with a 'kid' of 1 to 255 characters")
  const publicJwk = publicMembers(jwk)
  const thumbprint = await calculateJwkThumbprint({ ...publicJwk })
  return { issuer, subject, scope, kid, thumbprint, publicJwk, createdAt: now, expiresAt }
}

const broken = (field: string, expected: string): OAuthError =>
  new OAuthError('missing_required_parameter', 'field_malformed', { field, expected })
