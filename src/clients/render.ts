import { type ClientRecord, LIFESPAN_FIELDS } from '../store/types.ts'
import type { Json, JsonObject } from '../util/json.ts'
import { rfc3339 } from '../util/rfc3339.ts'

/** Members that are left out where they are empty, or off. */
const OMITTED: ReadonlySet<string> = new Set([
  'sector_identifier_uri',
  'jwks_uri',
  'token_endpoint_auth_signing_alg',
  'request_uris',
  'request_object_signing_alg',
  'frontchannel_logout_uri',
  'frontchannel_logout_session_required',
  'backchannel_logout_uri',
  'backchannel_logout_session_required',
  'post_logout_redirect_uris',
  'access_token_strategy',
])

/** A client in the v2 JSON shape (contract 2.1), without any trace of its secret. */
export function renderClient(record: ClientRecord): JsonObject {
  const { lifespans, jwks, openid, ...metadata } = record.metadata
  const shown = Object.entries(metadata).filter(([name, value]) => !OMITTED.has(name) || !isEmpty(value))
  return {
    client_id: record.id,
    ...Object.fromEntries(shown),
    redirect_uris: metadata.redirect_uris ?? [],
    grant_types: metadata.grant_types ?? [],
    response_types: metadata.response_types ?? [],
    contacts: metadata.contacts ?? [],
    client_secret_expires_at: 0,
    jwks: jwks === null ? {} : { keys: jwks.keys },
    created_at: rfc3339(record.createdAt),
    updated_at: rfc3339(record.updatedAt),
    ...openid,
    ...Object.fromEntries(LIFESPAN_FIELDS.map((field) => [field, lifespans[field] ?? null])),
  }
}

const isEmpty = (value: Json): boolean => !value || (Array.isArray(value) && value.length === 0)

/** The answer to a creation: as `renderClient`, but arrays that were never sent are null (contract 1.4.1). */
export function renderCreatedClient(record: ClientRecord): JsonObject {
  const { redirect_uris, grant_types, response_types, contacts } = record.metadata
  return { ...renderClient(record), redirect_uris, grant_types, response_types, contacts }
}

/** The secret in clear, for those who just set it; a public client has no use for one. */
export function withSecret(client: JsonObject, secret: string | undefined): JsonObject {
  if (secret === undefined || client['token_endpoint_auth_method'] === 'none') return client
  return { ...client, client_secret: secret }
}
