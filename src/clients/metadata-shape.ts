import * as v from 'valibot'
import { OAuthError } from '../errors/oauth-error.ts'
import { LIFESPAN_FIELDS } from '../store/types.ts'
import type { JsonObject } from '../util/json.ts'
import { isJsonObject, isShallow } from '../util/json.ts'

/** Levels that `metadata` and `jwks` may nest. */
export const MAX_DEPTH = 32

// As in Hydra, null stands for "not given" in every field.
const text = v.nullish(v.string('a string'), '')
const flag = v.nullish(v.boolean('true or false'), false)
const texts = v.nullish(v.array(v.string('an array of strings'), 'an array of strings'), null)
const object = v.nullish(
  v.custom<JsonObject>(
    (value) => isJsonObject(value) && isShallow(value, MAX_DEPTH),
    'an object of moderate depth',
  ),
  null,
)
const nullableText = v.nullish(v.string('a Go duration such as 1h30m'), null)

const fields = {
  client_id: text,
  client_secret: text,
  client_name: text,
  redirect_uris: texts,
  grant_types: texts,
  response_types: texts,
  scope: text,
  audience: texts,
  owner: text,
  policy_uri: text,
  tos_uri: text,
  client_uri: text,
  logo_uri: text,
  allowed_cors_origins: texts,
  contacts: texts,
  subject_type: text,
  sector_identifier_uri: text,
  jwks_uri: text,
  jwks: object,
  token_endpoint_auth_method: text,
  token_endpoint_auth_signing_alg: text,
  request_uris: texts,
  request_object_signing_alg: text,
  userinfo_signed_response_alg: text,
  frontchannel_logout_uri: text,
  frontchannel_logout_session_required: flag,
  backchannel_logout_uri: text,
  backchannel_logout_session_required: flag,
  post_logout_redirect_uris: texts,
  metadata: object,
  access_token_strategy: text,
  skip_consent: flag,
  skip_logout_consent: v.nullish(v.boolean('true, false or null'), null),
}

const shape = v.object(fields, 'an object')
const lifespanShape = v.object(Object.fromEntries(LIFESPAN_FIELDS.map((name) => [name, nullableText])))

/** A client as JSON gives it: right types, nothing judged yet, missing strings empty and missing arrays null. */
export interface ClientDraft extends v.InferOutput<typeof shape> {
  readonly lifespans: Readonly<Record<string, string | null>>
}

/** Reads the known fields of a client's JSON; throws `malformed_body` naming the first field of a wrong type. */
export function readDraft(body: unknown): ClientDraft {
  return { ...read(shape, body), lifespans: readLifespanDraft(body) }
}

/** Reads the lifespan fields alone; throws like `readDraft`. */
export function readLifespanDraft(body: unknown): ClientDraft['lifespans'] {
  return read(lifespanShape, body)
}

function read<S extends v.GenericSchema>(schema: S, body: unknown): v.InferOutput<S> {
  if (!isJsonObject(body)) throw new OAuthError('malformed_body', 'The body must be a JSON object.')
  const result = v.safeParse(schema, body, { abortEarly: true })
  if (result.success) return result.output
  const [issue] = result.issues
  const field = issue.path?.[0]?.key
  throw new OAuthError('malformed_body', `Field '${String(field)}' must be ${issue.message}.`)
}
