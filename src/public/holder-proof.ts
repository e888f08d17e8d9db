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

/** Longest proof that is looked at, in characters: more than any key and signature need. */
const MAX_LENGTH = 16_384

const format = v.object({
  alg: v.picklist(CREDENTIAL_ALGORITHMS),
  crit: absent,
  jwk: v.custom<JsonObject>((key) => isPublicKey(key) && mayVerify(key, 'holder')),
  nonce: v.optional(v.string(), ''),
  exp: v.optional(v.number(), Number.POSITIVE_INFINITY),
})

/**
 * Checks that whoever asks for a credential holds the key it will name (contract 1.3.8): the proof is a JWT with the
 * public key in its header, signed by that key, over a nonce given out for this access token.
 *
 * @returns the holder's public key, members in the order in which the holder wrote them
 * @throws `invalid_request` for any flaw; the hint says which
 */
export async function checkProof(rt: Runtime, jwt: string, accessToken: string): Promise<JsonObject> {
  const { alg, jwk, nonce, exp } = readProof(jwt)
  if (!(await isNonce(rt, nonce, accessToken)))
    throw refused("its 'nonce' is missing, expired, or not one given out for this access token")
  if (exp <= nowSeconds()) throw refused('it has expired')
  if (!(await signedBy({ jwt, alg }, jwk))) throw refused("the key in its header 'jwk' did not sign it")
  return publicMembers(jwk)
}

function readProof(jwt: string): v.InferOutput<typeof format> {
  const read = jwt.length > MAX_LENGTH ? undefined : readJwt(jwt)
  const { alg, crit, jwk } = read?.header ?? {}
  const { nonce, exp } = read?.claims ?? {}
  const parsed = v.safeParse(format, { alg, crit, jwk, nonce, exp })
  if (parsed.success) return parsed.output
  throw refused("it must be a JWT of a supported algorithm with the holder's public key in its header 'jwk'")
}

const refused = (reason: string): OAuthError => invalidRequest(`The proof is not good: ${reason}.`)
