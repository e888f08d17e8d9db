import { KEY_LABELS } from '../keys/foreign-keys.ts'
import { fields } from '../store/client-metadata.ts'
import type { ClientRecord } from '../store/types.ts'
import type { Json, JsonObject } from '../util/json.ts'
import { rfc3339 } from '../util/rfc3339.ts'
import { secretEndOf } from './secret.ts'

/**
 * A client as v2 JSON (contract 2.1), without its secret. No member is null, and every key has the members that Hydra's
 * schema requires: strict SDKs refuse a whole page of clients because of one.
 */
export function renderClient(record: ClientRecord): JsonObject {
  const { jwks } = record.metadata
  return { ...render(record), ...(jwks !== null && { jwks: { keys: jwks.keys.map(withLabels) } }) }
}

function render(record: ClientRecord): JsonObject {
  const { id, metadata, createdAt, updatedAt } = record
  const { localized, ...values } = metadata
  const held: Partial<JsonObject> = values
  const members = fields.flatMap(([name, { shown, absent }]) => {
    const value = held[name] ?? absent
    const isHidden = shown === 'unless-empty' ? isEmpty(value) : value === null
    return isHidden ? [] : [[name, value]]
  })
  return {
    client_id: id,
    ...Object.fromEntries(members),
    ...localized,
    client_secret_expires_at: secretEndOf(record),
    created_at: rfc3339(createdAt),
    updated_at: rfc3339(updatedAt),
  }
}

const NO_LABELS: JsonObject = Object.fromEntries(KEY_LABELS.map((name) => [name, '']))

const withLabels = (key: JsonObject): JsonObject => ({ ...NO_LABELS, ...key })

/**
 * A client as it is shown to itself: without the metadata that only admins see, and without empty members. Strict
 * clients refuse a whole answer because of one null or one empty URI.
 */
export function renderRegistration(client: ClientRecord): JsonObject {
  const shown = Object.entries(render(client))
    .filter(([name]) => !TO_ADMINS.has(name))
    .map(([name, value]) => [name, Array.isArray(value) ? value.filter(hasValue) : value] as const)
    .filter(([, value]) => hasValue(value))
  return { ...EMPTY_MEANS, ...Object.fromEntries(shown) }
}

/** What a patch may add to or remove while it is not shown, with its empty value. */
export const NOT_SHOWN: JsonObject = Object.fromEntries(
  fields.flatMap(([name, { kind, shown }]): [string, Json][] => {
    if (kind === 'list' && shown === 'unless-empty') return [[name, []]]
    return shown === 'if-given' && kind !== 'further' ? [[name, null]] : []
  }),
)

const TO_ADMINS: ReadonlySet<string> = new Set(
  fields.flatMap(([name, { shown }]) => (shown === 'to-admins' ? [name] : [])),
)

/** What empty lists mean (RFC 7591 section 2). */
const EMPTY_MEANS: JsonObject = Object.fromEntries(
  fields.flatMap(([name, { emptyMeans }]) => (emptyMeans === undefined ? [] : [[name, emptyMeans]])),
)

/** Whether a value is null, `false`, 0, or an empty text, list or object. */
export const isEmpty = (value: Json): boolean =>
  !value || (typeof value === 'object' && Object.keys(value).length === 0)

/** Whether a value is neither null nor an empty text, list or object; `false` and 0 are values. */
const hasValue = (value: Json): boolean =>
  value !== null && value !== '' && (typeof value !== 'object' || Object.keys(value).length > 0)

/** Adds the secret in clear text, for whoever has just set it; not for a public client, which cannot use one. */
export function withSecret(client: JsonObject, secret: string | undefined): JsonObject {
  if (secret === undefined || client['token_endpoint_auth_method'] === 'none') return client
  return { ...client, client_secret: secret }
}
