import type { SigningAlgorithm } from '../config/types.ts'
import { generateKey } from './material.ts'
import { RSA_BITS } from './signing-key.ts'
import type { StoredKeys } from './stored.ts'

/** What a set's keys are rotated by. */
export interface Rotation {
  readonly algorithm: SigningAlgorithm
  /** Seconds a key signs. */
  readonly period: number
  /** Seconds it then stays published: until what it signed has expired. No less than the period; asked where it matters. */
  readonly keep: () => Promise<number>
}

/**
 * Adds a key to a set whose newest one of the algorithm is older than the period, and takes away those that were
 * superseded long enough ago. Keys of other algorithms, and sets without keys, are left alone.
 *
 * @param now - seconds since the epoch
 * @returns the ids of the keys added and removed
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
