import {
  compactVerify,
  decodeJwt,
  decodeProtectedHeader,
  type JWTPayload,
  type ProtectedHeaderParameters,
} from 'jose'
import type { KeyRing } from './ring.ts'

/** A JWT whose signature was not verified. */
export interface UnprovenJwt {
  readonly header: ProtectedHeaderParameters
  readonly claims: JWTPayload
}

/** Reads a JWT without verifying it; `undefined` if the text is no JWT. */
export function readJwt(jwt: string): UnprovenJwt | undefined {
  try {
    return { header: decodeProtectedHeader(jwt), claims: decodeJwt(jwt) }
  } catch {
    return undefined
  }
}

/** Whether the key of a set that a JWT names made its signature. Throws as `KeyRing` does. */
export async function isSignedBy(ring: KeyRing, set: string, jwt: string): Promise<boolean> {
  const kid = readJwt(jwt)?.header.kid
  const verifier = kid === undefined ? undefined : await ring.verifier(set, kid)
  if (verifier === undefined) return false
  return compactVerify(jwt, verifier.key, { algorithms: [verifier.alg] }).then(
    () => true,
    () => false,
  )
}
