import { secretMethods, usesSecret } from '../client-auth/methods.ts'
import type { RequestContext } from '../context.ts'
import { malformedBody } from '../errors/refusals.ts'
import type { ClientRecord } from '../store/types.ts'
import { changeClient, type WrittenClient } from './manage.ts'
import { freshRegistration } from './registration-token.ts'
import { furtherSecret, hashSecret, makeSecret, onlySecret, secretEndOf } from './secret.ts'

/**
 * Gives a client a new secret; the five most recent former ones remain valid (contract 1.4.1). Ends its registration
 * access tokens, since whoever has the old secret may have them.
 *
 * @param end - when the new secret ends, seconds since the epoch; 0 for never
 * @throws `resource_not_found`, and `malformed_body` for a client that does not authenticate by secret.
 */
export async function rotateSecret(ctx: RequestContext, id: string, end: number): Promise<WrittenClient> {
  const secret = makeSecret()
  const secretHash = await hashSecret(ctx.rt.roots, id, secret)
  const client = await changeClient(ctx, id, 'client.secret_rotated', (current) => {
    requireSecret(current)
    return { ...furtherSecret(current, secretHash, end), ...freshRegistration(current) }
  })
  return { client, secret }
}

/** Ends all former secrets; throws like `rotateSecret`. */
export function dropRotatedSecrets(ctx: RequestContext, id: string): Promise<ClientRecord> {
  return changeClient(ctx, id, 'client.rotated_secrets_dropped', (current) => {
    requireSecret(current)
    return onlySecret(current.secretHash, secretEndOf(current))
  })
}

function requireSecret({ metadata }: ClientRecord): void {
  if (usesSecret(metadata.token_endpoint_auth_method)) return
  const problem = `must be ${secretMethods().join(' or ')} for there to be a secret to rotate`
  throw malformedBody('metadata_unusable', { field: 'token_endpoint_auth_method', problem })
}
