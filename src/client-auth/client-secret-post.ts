import { isSecretOf } from '../clients/secret.ts'
import { defineMethod } from './method.ts'
import { requireClientId } from './none.ts'

/** Id and secret in the body (RFC 6749 section 2.3.1). */
export const clientSecretPost = defineMethod<string>({
  method: 'client_secret_post',
  strength: 1,
  provenBy: 'secret',
  otherClient: 'invalid_request',
  unproven: 'secret_mismatch',
  tellsUnproven: false,
  isPresent: ({ form }) => form.get('client_secret') !== undefined,
  read: (_ctx, { form }) => ({ id: requireClientId(form), proof: form.get('client_secret') ?? null }),
  verify: ({ rt }, client, secret) => isSecretOf(rt.roots, client, secret),
  replay: () => null,
  metadataProblem: () => undefined,
})
