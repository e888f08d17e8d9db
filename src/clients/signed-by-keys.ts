import { type Assertion, signedByOne } from '../keys/foreign-jwt.ts'
import type { Runtime } from '../runtime.ts'
import type { ClientRecord } from '../store/types.ts'
import { clientKeys } from './jwks.ts'

/**
 * Whether one of the client's signature keys signed the JWT; fetches its `jwks_uri` again before it says no. Throws
 * what `clientKeys` throws.
 */
export async function signedByKeys(
  rt: Runtime,
  client: ClientRecord,
  assertion: Assertion,
): Promise<boolean> {
  const known = await clientKeys(rt, client, false)
  if (await signedByOne(assertion, known)) return true
  const current = await clientKeys(rt, client, true)
  return current !== known && signedByOne(assertion, current)
}
