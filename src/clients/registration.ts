import * as v from 'valibot'
import { usesSecret } from '../client-auth/methods.ts'
import type { Config } from '../config/types.ts'
import type { ErrorCode } from '../errors/catalogue.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { clientMetadata, fields } from '../store/client-metadata.ts'
import type { ClientMetadata, ClientRecord } from '../store/types.ts'
import { isJsonObject, type JsonObject, pick } from '../util/json.ts'
import { boundsOf, checkBounds, withBounds } from './bounds.ts'
import type { ClientChange } from './manage.ts'
import { readDraft } from './metadata/draft.ts'
import { type ClientInput, parseClient } from './metadata/parse.ts'
import { freshRegistration, nextRegistration, type RegistrationStamp } from './registration-token.ts'
import { isEmpty } from './render.ts'
import { makeSecret } from './secret.ts'
import { checkSectorStays } from './sector.ts'

/**
 * Validates the metadata a client sends about itself (RFC 7591 section 2, contract 1.3.7). The id is never its choice.
 *
 * @param secretRefusal - what a `client_secret` in it is answered with
 * @throws as `parseClient`; `malformed_body`, `invalid_client_metadata` or `invalid_request` for what only admins set
 */
export function parseRegistration(body: unknown, config: Config, secretRefusal: ErrorCode): ClientInput {
  const draft = readDraft(body)
  if (draft.client_secret !== '')
    throw new OAuthError(secretRefusal, 'field_reserved', { field: 'client_secret' })
  const given: Partial<JsonObject> = isJsonObject(body) ? body : {}
  for (const [field, { reserved }] of fields)
    if (reserved !== undefined && !isEmpty(given[field] ?? null))
      throw new OAuthError(reserved.refusal, 'field_reserved', { field })
  return { ...parseClient(body, config), id: undefined }
}

/** What the holder of a registration access token makes of its client, within what an admin set. Throws as `parseRegistration`. */
export function changeByClient(
  config: Config,
  stamp: RegistrationStamp,
  current: ClientRecord,
  body: unknown,
): ClientChange {
  const input = parseRegistration(withBounds(body, current.bounds), config, 'registration_forbidden')
  checkBounds(config, current.bounds, input.metadata)
  checkSectorStays(current.metadata, input.metadata, config.loopback)
  const needsSecret = usesSecret(input.metadata.token_endpoint_auth_method)
  const moved = consentedTo(input.metadata) !== consentedTo(current.metadata)
  return {
    metadata: keepReserved(input.metadata, current.metadata),
    secret: needsSecret && current.secretHash === null ? makeSecret() : undefined,
    consentEpoch: current.consentEpoch + Number(moved),
    ...nextRegistration(stamp, current),
  }
}

/** What an admin makes of a client: the bounds of what the client itself may do; another proof ends its tokens for that. */
export function changeByAdmin(current: ClientRecord, { metadata, secret }: ClientInput): ClientChange {
  const proof = ({ token_endpoint_auth_method, jwks, jwks_uri }: ClientMetadata): string =>
    JSON.stringify([token_endpoint_auth_method, jwks, jwks_uri])
  const isProven = secret === undefined && proof(metadata) === proof(current.metadata)
  return { metadata, secret, bounds: boundsOf(metadata), ...(!isProven && freshRegistration(current)) }
}

/** Where a consent leads, and what to: remembered for other addresses or scopes it would be somebody else's. */
const consentedTo = ({ redirect_uris, scope }: ClientMetadata): string =>
  JSON.stringify([redirect_uris ?? [], scope.split(' ')].map((values) => values.toSorted()))

/** A client's own change leaves alone what only admins set, where that outlives it (contract 1.3.7: full replacement). */
function keepReserved(metadata: ClientMetadata, current: ClientMetadata): ClientMetadata {
  const kept = fields.flatMap(([name, { reserved }]) => (reserved?.kept ? [name] : []))
  return v.parse(clientMetadata, { ...metadata, ...pick({ ...current }, (name) => kept.includes(name)) })
}
