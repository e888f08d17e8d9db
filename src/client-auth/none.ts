import { invalidRequest } from '../errors/oauth-error.ts'
import type { Parameters } from '../http/form.ts'
import { defineMethod } from './method.ts'

/** A public client, identified by its id alone (RFC 6749 section 2.1). Any request may contain an id. */
export const none = defineMethod<never>({
  method: 'none',
  strength: 0,
  provenBy: 'nothing',
  otherClient: 'invalid_request',
  unproven: 'method_mismatch',
  tellsUnproven: false,
  // If there are other credentials, they are used.
  isPresent: () => false,
  read: (_ctx, { form }) => ({ id: requireClientId(form), proof: null }),
  verify: () => Promise.resolve(false),
  replay: () => null,
  metadataProblem: () => undefined,
})

/** The `client_id` of a form. Throws `invalid_request` if there is none. */
export function requireClientId(form: Parameters): string {
  const id = form.get('client_id')
  if (id === undefined) throw invalidRequest('client_missing')
  return id
}
