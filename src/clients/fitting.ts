import type { Runtime } from '../runtime.ts'
import type { ClientRecord } from '../store/types.ts'

/**
 * The client, if a test holds of it; the source is asked before a copy is said to fail it, or to be unknown (design
 * rule 5).
 *
 * @param copy - the copy at hand, if there is one
 */
export async function fittingClient(
  { clients }: Pick<Runtime, 'clients'>,
  id: string,
  fits: (client: ClientRecord) => boolean = () => true,
  copy?: ClientRecord,
): Promise<ClientRecord | undefined> {
  const known = copy ?? (await clients.find(id))
  if (known !== undefined && fits(known)) return known
  const current = await clients.fresh(id)
  return current !== undefined && fits(current) ? current : undefined
}
