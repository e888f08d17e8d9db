import type { JWK } from 'jose'
import { generateKey, isKeyAlgorithm, type KeyAlgorithm, type KeyMaterial } from './material.ts'
import { type OpenedKey, RSA_BITS } from './signing-key.ts'
import type { StoredKeys } from './stored.ts'

/** The most bits of an RSA key that is made by rotation: Hydra's size. */
const MAX_RSA_BITS = 4096

/** How the keys of a set are rotated. */
export interface Rotation {
  /** How long a key signs, seconds. */
  readonly period: number
  /**
   * Returns how long a superseded key stays published, seconds: until the tokens that it signed have expired. At least
   * the period. Called only if a key may be removed.
   */
  readonly keep: () => Promise<number>
}

/** What a rotation did, by the ids of the keys. */
interface Rotated {
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

/**
 * Adds the next key of each algorithm whose newest key is older than the period, and removes the keys that were
 * superseded long enough ago. The algorithm that signs for clients that ask for none stays the same: its key is added
 * too, as the newest. Sets without keys are left alone, and keys that do not sign.
 *
 * @param now - seconds since the epoch
 */
export async function rotateKeys(
  keys: StoredKeys,
  set: string,
  { period, keep }: Rotation,
  now: number,
): Promise<Rotated> {
  const groups = byAlgorithm((await keys.read(set)).filter(({ signs }) => signs))
  const superseded = (after: number): readonly string[] =>
    groups.flatMap(({ held }) =>
      held.filter((_, at) => (held[at - 1]?.createdAt ?? now) + after <= now).map(({ kid }) => kid),
    )
  const removed = superseded(period).length > 0 ? superseded(await keep()) : []
  for (const kid of removed) await keys.remove(set, kid)
  const isDue = ({ newest }: Group): boolean => newest.createdAt + period <= now
  if (!groups.some(isDue)) return { added: [], removed }
  const next = groups.filter((group, at) => at === 0 || isDue(group)).map(successorOf)
  const added = await keys.addAll(set, await Promise.all(next))
  return { added: added.map(({ kid }) => kid), removed }
}

/** The keys of one algorithm, newest first. */
interface Group {
  readonly alg: KeyAlgorithm
  readonly newest: OpenedKey
  readonly held: readonly OpenedKey[]
}

/** The keys by algorithm; first are those of the newest key's algorithm, which signs by default. */
function byAlgorithm(keys: readonly OpenedKey[]): readonly Group[] {
  const groups = new Map<KeyAlgorithm, Group>()
  for (const key of keys) {
    if (!isKeyAlgorithm(key.alg)) continue
    const { newest = key, held = [] } = groups.get(key.alg) ?? {}
    groups.set(key.alg, { alg: key.alg, newest, held: [...held, key] })
  }
  return [...groups.values()]
}

const successorOf = ({ alg, newest }: Group): Promise<KeyMaterial> =>
  generateKey(alg, nextRsaBits(newest.publicJwk))

/** Returns how large the RSA key after another is, in bits: as large as that one, in steps of 1024. */
export function nextRsaBits(newest: JWK | undefined): number {
  const { n = '' } = newest ?? {}
  const bytes = Math.floor((n.length * 3) / 4)
  const bits = Math.ceil(bytes / 128) * 1024
  return Math.min(MAX_RSA_BITS, Math.max(RSA_BITS, bits))
}
