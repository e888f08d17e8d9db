import { LIFESPAN_FIELDS } from '../store/client-metadata.ts'
import type { ClientRecord } from '../store/types.ts'
import type { Json, JsonObject } from '../util/json.ts'
import { rfc3339 } from '../util/rfc3339.ts'

/** Members that are left out where they are empty, or off, by how their names begin or end. */
const OMITTED =
  /^(?:sector_identifier|jwks|request|(?:front|back)channel_logout|post_logout|access_token)_|_signing_alg$/

/** A client in the v2 JSON shape (contract 2.1), without any trace of its secret. */
export const renderClient = (record: ClientRecord): JsonObject => render(record, [])

/** The answer to a creation: as `renderClient`, but arrays that were never sent are null (contract 1.4.1). */
export const renderCreatedClient = (record: ClientRecord): JsonObject => render(record, null)

function render(record: ClientRecord, neverSent: readonly [] | null): JsonObject {
  const { lifespans, jwks, openid, skip_logout_consent, ...metadata } = record.metadata
  const shown = Object.entries(metadata)
    .filter(([name, value]) => !OMITTED.test(name) || !isEmpty(value))
    .map(([name, value]) => [name, value ?? neverSent])
  return {
    client_id: record.id,
    ...Object.fromEntries(shown),
    skip_logout_consent,
    client_secret_expires_at: 0,
    jwks: { ...jwks },
    created_at: rfc3339(record.createdAt),
    updated_at: rfc3339(record.updatedAt),
    ...openid,
    ...Object.fromEntries(LIFESPAN_FIELDS.map((field) => [field, lifespans[field] ?? null])),
  }
}

/** Whether a value says nothing: no text, no `true`, no entries and no members. */
export const isEmpty = (value: Json): boolean =>
  !value || (typeof value === 'object' && Object.keys(value).length === 0)

/** The secret in clear, for those who just set it; a public client has no use for one. */
export function withSecret(client: JsonObject, secret: string | undefined): JsonObject {
  if (secret === undefined || client['token_endpoint_auth_method'] === 'none') return client
  return { ...client, client_secret: secret }
}
