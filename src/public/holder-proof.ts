import * as v from 'valibot'
import { invalidRequest, type OAuthError } from '../errors/oauth-error.ts'
import { signedBy } from '../keys/foreign-jwt.ts'
import { isPublicKey, mayVerify, publicMembers } from '../keys/foreign-keys.ts'
import { readJwt } from '../keys/read-jwt.ts'
import type { Runtime } from '../runtime.ts'
import { CREDENTIAL_ALGORITHMS, isNonce } from '../tokens/credential.ts'
import { nowSeconds } from '../util/clock.ts'
import type { JsonObject } from '../util/json.ts'
import { absent } from '../util/schema.ts'

/** Maximum length of a proof, in characters: more than any key and signature need. */
const MAX_LENGTH = 16_384

const format = v.object({
  alg: v.picklist(CREDENTIAL_ALGORITHMS),
  crit: absent,
  jwk: v.custom<JsonObject>((key) => isPublicKey(key) && mayVerify(key, 'holder')),
  nonce: v.optional(v.string(), ''),
  exp: v.optional(v.number(), Number.POSITIVE_INFINITY),
})

/**
 * Checks that the requester of a credential holds the key that it will name (contract 1.3.8): the proof is a JWT with
 * the public key in its header, signed by that key, with a nonce that was made for this access token.
 *
 * @returns the holder's public key, with its members in the order of the proof
 * @throws `invalid_request` for any flaw; the hint says which
 */
export async function checkProof(rt: Runtime, jwt: string, accessToken: string): Promise<JsonObject> {
  const { alg, jwk, nonce, exp } = readProof(jwt)
  if (!(await isNonce(rt, nonce, accessToken)))
    throw refused("has no 'nonce', or one that is expired or was not given out for this access token")
  if (exp <= nowSeconds()) throw refused('has expired')
  if (!(await signedBy({ jwt, alg }, jwk))) throw refused("was not signed by the key in its header 'jwk'")
  return publicMembers(jwk)
}

function readProof(jwt: string): v.InferOutput<typeof format> {
  const read = jwt.length > MAX_LENGTH ? undefined : readJwt(jwt)
  const { alg, crit, jwk } = read?.header ?? {}
  const { nonce, exp } = read?.claims ?? {}
  const parsed = v.safeParse(format, { alg, crit, jwk, nonce, exp })
  if (parsed.success) return parsed.output
  throw refused("must be a JWT of a supported algorithm with the holder's public key in its header 'jwk'")
}

const refused = (problem: string): OAuthError => invalidRequest('proof_unfit', { problem })
