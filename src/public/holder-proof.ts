import * as v from 'valibot'
import { invalidRequest, type OAuthError } from '../errors/oauth-error.ts'
import { signedBy } from '../keys/foreign-jwt.ts'
import { isPublicKey, mayVerify, publicMembers } from '../keys/foreign-keys.ts'
import { mediaType } from '../keys/jwt-kind.ts'
import { readJwt } from '../keys/read-jwt.ts'
import type { Runtime } from '../runtime.ts'
import { CREDENTIAL_ALGORITHMS, isNonce } from '../tokens/credential.ts'
import { nowSeconds } from '../util/clock.ts'
import type { JsonObject } from '../util/json.ts'
import { absent } from '../util/schema.ts'

/** Maximum length of a proof, in characters: more than any key and signature need. */
const MAX_LENGTH = 16_384

/** The media type of a proof, and the general one, which Hydra's own wallet code sends. A proof may have none. */
const TYPES: readonly string[] = ['openid4vci-proof+jwt', 'jwt']

/** How far the holder's clock may be ahead, in seconds. */
const SKEW_SECONDS = 60

const format = v.object({
  alg: v.picklist(CREDENTIAL_ALGORITHMS),
  crit: absent,
  typ: v.optional(v.custom<string>(isProofType)),
  jwk: v.custom<JsonObject>((key) => isPublicKey(key) && mayVerify(key)),
  nonce: v.optional(v.string(), ''),
  aud: v.optional(v.union([v.string(), v.array(v.string())])),
  iat: v.optional(v.number()),
  exp: v.optional(v.number(), Number.POSITIVE_INFINITY),
})

/**
 * Checks that the requester of a credential holds the key that it will name (contract 1.3.8): the proof is a JWT with
 * the public key in its header, signed by that key, with a nonce that was made for this access token. Of `typ`, `aud` and
 * `iat`, which wallets for Hydra leave out, each is checked if it is there: a JWT that was made for something else, for
 * another issuer, or before the nonce can have been given out proves nothing here (RFC 8725 section 3.11).
 *
 * @returns the holder's public key, with its members in the order of the proof
 * @throws `invalid_request` for any flaw; the hint says which
 */
export async function checkProof(rt: Runtime, jwt: string, accessToken: string): Promise<JsonObject> {
  const { alg, jwk, nonce, aud, iat, exp } = readProof(jwt)
  if (!(await isNonce(rt, nonce, accessToken)))
    throw refused("has no 'nonce', or one that is expired or was not given out for this access token")
  const now = nowSeconds()
  if (exp <= now) throw refused('has expired')
  if (aud !== undefined && ![aud].flat().some((name) => isIssuer(rt, name)))
    throw refused("has an 'aud' that is not this server")
  if (iat !== undefined && (iat > now + SKEW_SECONDS || iat < now - rt.config.ttl.vcNonce - SKEW_SECONDS))
    throw refused("has an 'iat' that lies ahead, or before its nonce")
  if (!(await signedBy({ jwt, alg }, jwk))) throw refused("was not signed by the key in its header 'jwk'")
  return publicMembers(jwk)
}

function readProof(jwt: string): v.InferOutput<typeof format> {
  const read = jwt.length > MAX_LENGTH ? undefined : readJwt(jwt)
  const { alg, crit, typ, jwk } = read?.header ?? {}
  const { nonce, aud, iat, exp } = read?.claims ?? {}
  const parsed = v.safeParse(format, { alg, crit, typ, jwk, nonce, aud, iat, exp })
  if (parsed.success) return parsed.output
  throw refused(
    "must be a JWT of type 'openid4vci-proof+jwt' and a supported algorithm with the holder's public key in its header 'jwk'",
  )
}

function isProofType(typ: unknown): boolean {
  return typeof typ === 'string' && TYPES.includes(mediaType(typ))
}

/** Whether an audience is the issuer, with or without a slash at its end. */
const isIssuer = ({ config }: Runtime, name: string): boolean => {
  const bare = (url: string): string => url.replace(/\/+$/, '')
  return bare(name) === bare(config.urls.issuer)
}

const refused = (problem: string): OAuthError => invalidRequest('proof_unfit', { problem })
