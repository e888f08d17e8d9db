import { defineMethod } from '../../src/client-auth/method.ts'
import { nowSeconds } from '../../src/util/clock.ts'

export const CARELESS = 'careless_ticket'

/** What a ticket says of itself: the id by which it is known again, and how long it lives, seconds. */
export const ticket = (id: string, lifetime = 60): string => JSON.stringify([id, lifetime])

/** A method that believes every client and compares nothing: what keeps it in check is the frame. */
export const carelessMethod = defineMethod<string>({
  method: CARELESS,
  strength: 2,
  provenBy: 'keys',
  otherClient: 'invalid_client',
  unproven: 'assertion_unproven',
  tellsUnproven: false,
  isPresent: ({ form }) => form.get('ticket') !== undefined,
  read: (_ctx, { form }) => ({ id: form.require('subject'), proof: form.require('ticket') }),
  verify: () => Promise.resolve(true),
  replay(text) {
    const [id = '', lifetime = 0]: [string?, number?] = JSON.parse(text)
    return { id, expiresAt: nowSeconds() + lifetime, text }
  },
  metadataProblem: () => undefined,
})
