import { methodNamed } from '../client-auth/methods.ts'
import type { Runtime } from '../runtime.ts'
import type { ClientRecord } from '../store/types.ts'

/**
 * The client, if a test holds of it; the source is asked before a copy is said to fail it, or to be unknown (design
 * rule 5). Where the source has another client under the id, one made anew, what proved the copy must prove that too.
 *
 * @param copy - the copy that a request was authenticated by, if it was
 */
export async function findClientOrAskSource(
  { clients }: Pick<Runtime, 'clients'>,
  id: string,
  fits: (client: ClientRecord) => boolean = () => true,
  copy?: ClientRecord,
): Promise<ClientRecord | undefined> {
  const known = copy ?? (await clients.find(id))
  if (known !== undefined && fits(known)) return known
  const current = await clients.fresh(id)
  if (current === undefined || !fits(current)) return undefined
  const proven =
    copy === undefined || copy.instance === current.instance || proofOf(copy) === proofOf(current)
  return proven ? current : undefined
}

/** What a client proves itself by. */
function proofOf({ secretHash, metadata }: ClientRecord): string {
  const { token_endpoint_auth_method: method, jwks, jwks_uri } = metadata
  const byKeys = methodNamed(method)?.provenBy === 'keys'
  return JSON.stringify([method, ...(byKeys ? [jwks, jwks_uri] : [secretHash])])
}
