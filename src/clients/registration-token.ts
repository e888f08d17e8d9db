import * as v from 'valibot'
import { tuple } from '../crypto/tuple.ts'
import type { Runtime } from '../runtime.ts'
import type { ClientRecord } from '../store/types.ts'
import { clientId } from '../util/schema.ts'

/** Client id, instance, registration epoch (format 1; items are only ever added at the end). */
const format = tuple({ id: clientId, instance: v.string(), registrationEpoch: v.number() })

/** The content of a registration access token. */
export type RegistrationStamp = Pick<ClientRecord, 'id' | 'instance' | 'registrationEpoch'>

/** Makes a client's current registration access token (RFC 7592 section 3); it does not expire. */
export async function registrationToken(rt: Runtime, client: ClientRecord): Promise<string> {
  // Has Hydra's prefix, though it is not an access token: introspection does not know it.
  return `ory_at_${await rt.envelopes.seal('registration_token', format.write(client), null)}`
}

/** Opens a registration access token, with or without prefix; `undefined` if it is not one of ours. */
export async function openRegistration(rt: Runtime, text: string): Promise<RegistrationStamp | undefined> {
  const opened = await rt.envelopes.open('registration_token', text.replace(/^ory_at_/, ''))
  return opened && format.read(opened.data)
}

/**
 * Whether a token is valid for the client: the newest one is, and so is the one used last, until the newest is used.
 * Each change by the client makes a new token, and a lost answer must not lock the client out.
 */
export const registrationFits = (stamp: RegistrationStamp, client: ClientRecord): boolean =>
  stamp.id === client.id &&
  stamp.instance === client.instance &&
  [client.registrationEpoch, client.registrationUsed].includes(stamp.registrationEpoch)

/** The client's token state after a change with one of its tokens: that token stays valid until the new one is used. */
export const nextRegistration = (
  { registrationEpoch: used }: RegistrationStamp,
  { registrationEpoch: newest }: ClientRecord,
): Registration => ({ registrationEpoch: newest + 1, registrationUsed: used })

/** The client's token state after an admin's change: a new token, and all earlier ones are invalid. */
export const freshRegistration = ({ registrationEpoch: newest }: ClientRecord): Registration => ({
  registrationEpoch: newest + 1,
  registrationUsed: newest + 1,
})

type Registration = Pick<ClientRecord, 'registrationEpoch' | 'registrationUsed'>
