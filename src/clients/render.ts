import { type ClientRecord, LIFESPAN_FIELDS } from '../store/types.ts'
import type { JsonObject } from '../util/json.ts'
import { rfc3339 } from '../util/rfc3339.ts'

/** A client in the v2 JSON shape (contract 2.1), without any trace of its secret. */
export function renderClient(record: ClientRecord): JsonObject {
  const { metadata } = record
  return {
    client_id: record.id,
    client_name: metadata.client_name,
    redirect_uris: metadata.redirect_uris ?? [],
    grant_types: metadata.grant_types ?? [],
    response_types: metadata.response_types ?? [],
    scope: metadata.scope,
    audience: metadata.audience,
    owner: metadata.owner,
    policy_uri: metadata.policy_uri,
    allowed_cors_origins: metadata.allowed_cors_origins,
    tos_uri: metadata.tos_uri,
    client_uri: metadata.client_uri,
    logo_uri: metadata.logo_uri,
    contacts: metadata.contacts ?? [],
    client_secret_expires_at: 0,
    subject_type: metadata.subject_type,
    ...unlessEmpty('sector_identifier_uri', metadata.sector_identifier_uri),
    ...unlessEmpty('jwks_uri', metadata.jwks_uri),
    jwks: metadata.jwks === null ? {} : { keys: metadata.jwks.keys },
    token_endpoint_auth_method: metadata.token_endpoint_auth_method,
    ...unlessEmpty('token_endpoint_auth_signing_alg', metadata.token_endpoint_auth_signing_alg),
    ...unlessEmpty('request_uris', metadata.request_uris),
    ...unlessEmpty('request_object_signing_alg', metadata.request_object_signing_alg),
    userinfo_signed_response_alg: metadata.userinfo_signed_response_alg,
    created_at: rfc3339(record.createdAt),
    updated_at: rfc3339(record.updatedAt),
    ...unlessEmpty('frontchannel_logout_uri', metadata.frontchannel_logout_uri),
    ...(metadata.frontchannel_logout_session_required ? { frontchannel_logout_session_required: true } : {}),
    ...unlessEmpty('backchannel_logout_uri', metadata.backchannel_logout_uri),
    ...(metadata.backchannel_logout_session_required ? { backchannel_logout_session_required: true } : {}),
    ...unlessEmpty('post_logout_redirect_uris', metadata.post_logout_redirect_uris),
    metadata: metadata.metadata,
    ...unlessEmpty('access_token_strategy', metadata.access_token_strategy),
    skip_consent: metadata.skip_consent,
    skip_logout_consent: metadata.skip_logout_consent,
    ...Object.fromEntries(LIFESPAN_FIELDS.map((field) => [field, metadata.lifespans[field] ?? null])),
  }
}

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

function unlessEmpty(field: string, value: string | readonly string[]): JsonObject {
  return value.length === 0 ? {} : { [field]: value }
}
