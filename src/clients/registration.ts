import * as v from 'valibot'
import type { Config } from '../config/types.ts'
import { tuple } from '../crypto/tuple.ts'
import type { ErrorCode } from '../errors/catalogue.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import type { Runtime } from '../runtime.ts'
import type { ClientMetadata, ClientRecord } from '../store/types.ts'
import type { JsonObject } from '../util/json.ts'
import { type ClientInput, parseClient } from './metadata.ts'
import { readDraft } from './metadata-shape.ts'
import type { WrittenClient } from './registry.ts'
import { renderCreatedClient, withSecret } from './render.ts'

/** As Hydra's, though it is no access token: introspection does not know it. */
const PREFIX = 'ory_at_'

/** Client id, instance, registration epoch (format 1; items are only ever added at the end). */
const format = tuple({ id: v.string(), instance: v.string(), registrationEpoch: v.number() })

/** What a registration access token was made for. */
export type RegistrationStamp = Pick<ClientRecord, 'id' | 'instance' | 'registrationEpoch'>

/** The registration access token of a client as it is now (RFC 7592 section 3); it does not expire. */
export async function registrationToken(rt: Runtime, client: ClientRecord): Promise<string> {
  return PREFIX + (await rt.envelopes.seal('registration_token', format.write(client), null))
}

/** Opens a registration access token, with or without prefix; `undefined` when it is not one of ours. */
export async function openRegistration(rt: Runtime, text: string): Promise<RegistrationStamp | undefined> {
  const envelope = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : text
  const opened = await rt.envelopes.open('registration_token', envelope)
  return opened === undefined ? undefined : format.read(opened.data)
}

/** Whether a token is the client's current one: a change by the client itself made a new one, and the old is dead. */
export const registrationFits = (stamp: RegistrationStamp, client: ClientRecord): boolean =>
  stamp.id === client.id &&
  stamp.instance === client.instance &&
  stamp.registrationEpoch === client.registrationEpoch

/** The answer to a creation, by an admin or by the client itself: all that is shown only once (contract 1.4.1). */
export async function renderNewClient(
  rt: Runtime,
  { client, secret }: WrittenClient,
): Promise<JsonObject & { readonly registration_client_uri: string }> {
  return {
    ...withSecret(renderCreatedClient(client), secret),
    registration_access_token: await registrationToken(rt, client),
    registration_client_uri: `${rt.config.urls.public}/oauth2/register/${encodeURIComponent(client.id)}`,
  }
}

/**
 * Validates the metadata a client sends about itself (RFC 7591 section 2, contract 1.3.7). The id is never its choice.
 *
 * @param secretRefusal - what a `client_secret` in it is answered with
 * @throws as `parseClient`; `malformed_body`, `invalid_client_metadata` or `invalid_request` for what only admins set
 */
export function parseRegistration(body: unknown, config: Config, secretRefusal: ErrorCode): ClientInput {
  const draft = readDraft(body)
  if (draft.client_secret !== '')
    throw new OAuthError(secretRefusal, "The server chooses the 'client_secret'.")
  if (Object.keys(draft.metadata ?? {}).length > 0) throw reserved('invalid_client_metadata', 'metadata')
  if (draft.access_token_strategy !== '') throw reserved('malformed_body', 'access_token_strategy')
  if (draft.skip_consent) throw reserved('invalid_request', 'skip_consent')
  if (draft.skip_logout_consent === true) throw reserved('invalid_request', 'skip_logout_consent')
  return { ...parseClient(body, config), id: undefined }
}

/**
 * A client's own change leaves alone what only admins set, but for the leave to skip consent: that was given for the
 * addresses and scopes of before (contract 1.3.7: full replacement).
 */
export const keepReserved = (metadata: ClientMetadata, current: ClientMetadata): ClientMetadata => ({
  ...metadata,
  metadata: current.metadata,
  access_token_strategy: current.access_token_strategy,
})

const reserved = (code: ErrorCode, field: string): OAuthError =>
  new OAuthError(code, `Field '${field}' cannot be set by dynamic client registration.`)
