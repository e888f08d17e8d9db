import { directoriesOf, type Owner, sessionPrefix } from '../ledger/owner.ts'
import type { Runtime } from '../runtime.ts'
import type { GrantId, Sid } from '../util/ids.ts'

/** Returns the owners that an id without a subject may belong to, from the directory (design invariant 4). */
export async function ownersNamed(
  { config, ledgers }: Pick<Runtime, 'config' | 'ledgers'>,
  id: Sid | GrantId,
): Promise<readonly Owner[]> {
  const prefix = sessionPrefix(id)
  const shards = directoriesOf(id, config.residency)
  const entries = await Promise.all(shards.map((shard) => ledgers.call(shard, 'owners', { prefix })))
  return [...new Set(entries.flat().map(({ owner }) => owner))]
}
