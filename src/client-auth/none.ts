import { invalidRequest } from '../errors/oauth-error.ts'
import type { Parameters } from '../http/form.ts'
import { defineMethod } from './method.ts'

/** The mere id of a public client (RFC 6749 section 2.1), which any request may bring. */
export const none = defineMethod<never>({
  method: 'none',
  strength: 0,
  provenBy: 'nothing',
  otherClient: 'invalid_request',
  unproven: 'method_mismatch',
  tellsUnproven: false,
  // Where other credentials come along, they count.
  isPresent: () => false,
  read: (_ctx, { form }) => ({ id: requireClientId(form), proof: null }),
  verify: () => Promise.resolve(false),
  replay: () => null,
  metadataProblem: () => undefined,
})

/** The client that a form names. Throws `invalid_request`. */
export function requireClientId(form: Parameters): string {
  const id = form.get('client_id')
  if (id === undefined) throw invalidRequest('client_missing')
  return id
}
