import * as v from 'valibot'
import { tuple } from '../crypto/tuple.ts'
import type { Runtime } from '../runtime.ts'
import type { ClientRecord } from '../store/types.ts'
import { clientId } from '../util/schema.ts'

/** Client id, instance, registration epoch (format 1; items are only ever added at the end). */
const format = tuple({ id: clientId, instance: v.string(), registrationEpoch: v.number() })

/** What a registration access token was made for. */
export type RegistrationStamp = Pick<ClientRecord, 'id' | 'instance' | 'registrationEpoch'>

/** The registration access token of a client as it is now (RFC 7592 section 3); it does not expire. */
export async function registrationToken(rt: Runtime, client: ClientRecord): Promise<string> {
  // Prefixed as Hydra's, though it is no access token: introspection does not know it.
  return `ory_at_${await rt.envelopes.seal('registration_token', format.write(client), null)}`
}

/** Opens a registration access token, with or without prefix; `undefined` when it is not one of ours. */
export async function openRegistration(rt: Runtime, text: string): Promise<RegistrationStamp | undefined> {
  const opened = await rt.envelopes.open('registration_token', text.replace(/^ory_at_/, ''))
  return opened && format.read(opened.data)
}

/**
 * Whether a token is good for the client: the newest, or until that is used the one before it. A change by the client
 * makes a new one, and an answer that got lost must lock nobody out.
 */
export const registrationFits = (stamp: RegistrationStamp, client: ClientRecord): boolean =>
  stamp.id === client.id &&
  stamp.instance === client.instance &&
  [client.registrationEpoch, client.registrationUsed].includes(stamp.registrationEpoch)

/** What a change by the client's holder of a token does to the tokens: that one goes on until the new one is used. */
export const nextRegistration = (
  { registrationEpoch: used }: RegistrationStamp,
  { registrationEpoch: newest }: ClientRecord,
): Registration => ({ registrationEpoch: newest + 1, registrationUsed: used })

/** Ends every token that was given out: there is a new one, and no other. */
export const freshRegistration = ({ registrationEpoch: newest }: ClientRecord): Registration => ({
  registrationEpoch: newest + 1,
  registrationUsed: newest + 1,
})

type Registration = Pick<ClientRecord, 'registrationEpoch' | 'registrationUsed'>
