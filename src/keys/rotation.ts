import type { SigningAlgorithm } from '../config/types.ts'
import { generateKey } from './material.ts'
import { RSA_BITS } from './signing-key.ts'
import type { StoredKeys } from './stored.ts'

/** How the keys of a set are rotated. */
export interface Rotation {
  /** The algorithm of the keys that are rotated and made. */
  readonly algorithm: SigningAlgorithm
  /** How long a key signs, seconds. */
  readonly period: number
  /**
   * Returns how long a superseded key stays published, seconds: until the tokens that it signed have expired. At least
   * the period. Called only if a key may be removed.
   */
  readonly keep: () => Promise<number>
}

/**
 * Adds a key to a set if its newest key of the algorithm is older than the period, and removes the keys that were
 * superseded long enough ago. Keys of other algorithms, and sets without keys, are left alone.
 *
 * @param now - seconds since the epoch
 * @returns the ids of the keys that were added and removed
 */
export async function rotateKeys(
  keys: StoredKeys,
  set: string,
  { algorithm, period, keep }: Rotation,
  now: number,
): Promise<{ readonly added: readonly string[]; readonly removed: readonly string[] }> {
  const held = (await keys.read(set)).filter(({ alg, signs }) => alg === algorithm && signs)
  const [newest] = held
  const superseded = (seconds: number): readonly string[] =>
    held.filter((_, at) => (held[at - 1]?.createdAt ?? now) + seconds <= now).map(({ kid }) => kid)
  const removed = superseded(period).length > 0 ? superseded(await keep()) : []
  for (const kid of removed) await keys.remove(set, kid)
  if (newest === undefined || newest.createdAt + period > now) return { added: [], removed }
  const { kid } = await keys.add(set, await generateKey(algorithm, RSA_BITS))
  return { added: [kid], removed }
}
