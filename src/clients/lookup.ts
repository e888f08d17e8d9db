import { methodNamed } from '../client-auth/methods.ts'
import type { Runtime } from '../runtime.ts'
import type { ClientRecord } from '../store/types.ts'

/**
 * Finds a client that passes a test. Asks the source before it reports that a client is unknown or fails the test
 * (design rule 5). If the client was re-created since the copy was made, the new one must have the same authentication
 * method, and the same secret or keys.
 *
 * @param copy - the client record that the request was authenticated by, if there is one
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

/** The authentication method with the secret or keys that it uses. */
function proofOf({ secretHash, metadata }: ClientRecord): string {
  const { token_endpoint_auth_method: method, jwks, jwks_uri } = metadata
  const byKeys = methodNamed(method)?.provenBy === 'keys'
  return JSON.stringify([method, ...(byKeys ? [jwks, jwks_uri] : [secretHash])])
}
