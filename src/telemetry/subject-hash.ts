import type { RootKeys } from '../crypto/root-keys.ts'
import { type Owner, withoutPlace } from '../ledger/owner.ts'
import { toBase64url } from '../util/base64url.ts'

const PURPOSE = 'audit_subject'

/** Length of the hash in bytes: enough that no two subjects of an installation share one. */
const BYTES = 16

/**
 * Returns what stands for a subject in audit lines: an HMAC of the reference of its ledger, under a key that is derived
 * from the oldest root key. That is never retired, so the hash of a subject stays the same, whatever becomes of
 * `SECRETS_SYSTEM`, and wherever its ledger is; without the database nobody can compute it.
 *
 * @param owner - of the subject's ledger
 * @throws what opening the root keys throws
 */
export async function subjectHash(roots: Pick<RootKeys, 'oldest'>, owner: Owner): Promise<string> {
  const root = await roots.oldest()
  const mac = await root.derive(PURPOSE).sign(new TextEncoder().encode(withoutPlace(owner)))
  return toBase64url(mac.subarray(0, BYTES))
}
