import { CompactSign } from 'jose'
import type { SigningKey } from '../crypto/types.ts'

/** Signs claims as a JWT (RFC 7519 section 7.1). No claim is added, and undefined ones are left out. */
export function signJwt(
  { alg, kid, key }: SigningKey,
  typ: string,
  claims: Readonly<Record<string, unknown>>,
): Promise<string> {
  const payload = new TextEncoder().encode(JSON.stringify(claims))
  return new CompactSign(payload).setProtectedHeader({ alg, kid, typ }).sign(key)
}
