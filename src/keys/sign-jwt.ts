import { CompactSign } from 'jose'
import type { SigningKey } from '../crypto/types.ts'

/** Signs claims, which are complete as they are (what is undefined is left out), as a JWT of the given `typ` (RFC 7519 section 7.1). */
export function signJwt(
  { alg, kid, key }: SigningKey,
  typ: string,
  claims: Readonly<Record<string, unknown>>,
): Promise<string> {
  const payload = new TextEncoder().encode(JSON.stringify(claims))
  return new CompactSign(payload).setProtectedHeader({ alg, kid, typ }).sign(key)
}
