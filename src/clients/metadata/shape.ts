import * as v from 'valibot'
import { malformedBody } from '../../errors/refusals.ts'
import { LIFESPAN_FIELDS } from '../../store/client-metadata.ts'
import type { JsonObject } from '../../util/json.ts'
import { isJsonObject, isShallow } from '../../util/json.ts'
import { checkBounds } from './bounds.ts'

/** Levels that `metadata` and `jwks` may nest. */
export const MAX_DEPTH = 32

// As in Hydra, null stands for "not given" in every field.
const text = v.nullish(v.string('a string'), '')
const flag = v.nullish(v.boolean('true or false'), false)
const strings = v.array(v.string('an array of strings'), 'an array of strings')
// Hydra tells these apart from empty ones.
const texts = v.nullish(strings, null)
const list = v.nullish(strings, [])
const object = v.custom<JsonObject>(
  (value) => isJsonObject(value) && isShallow(value, MAX_DEPTH),
  'an object of moderate depth',
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
  audience: list,
  owner: text,
  policy_uri: text,
  tos_uri: text,
  client_uri: text,
  logo_uri: text,
  allowed_cors_origins: list,
  contacts: texts,
  subject_type: text,
  sector_identifier_uri: text,
  jwks_uri: text,
  jwks: v.nullish(object, null),
  token_endpoint_auth_method: text,
  token_endpoint_auth_signing_alg: text,
  request_uris: list,
  request_object_signing_alg: text,
  userinfo_signed_response_alg: text,
  frontchannel_logout_uri: text,
  frontchannel_logout_session_required: flag,
  backchannel_logout_uri: text,
  backchannel_logout_session_required: flag,
  post_logout_redirect_uris: list,
  metadata: v.nullish(object, {}),
  access_token_strategy: text,
  skip_consent: flag,
  skip_logout_consent: v.nullish(v.boolean('true, false or null'), null),
}

const shape = v.object(fields, 'an object')
const lifespanShape = v.object(Object.fromEntries(LIFESPAN_FIELDS.map((name) => [name, nullableText])))

/** A client as JSON gives it: right types, nothing judged yet; missing texts are empty, missing arrays empty or null. */
export interface ClientDraft extends v.InferOutput<typeof shape> {
  readonly lifespans: Readonly<Record<string, string | null>>
}

/**
 * Reads the known fields of a client's JSON. Throws what `checkBounds` throws, and `malformed_body` naming the first field
 * of a wrong type.
 */
export function readDraft(body: unknown): ClientDraft {
  checkBounds(body)
  return { ...read(shape, body), lifespans: readLifespanDraft(body) }
}

/** Reads the lifespan fields alone; throws like `readDraft`. */
export function readLifespanDraft(body: unknown): ClientDraft['lifespans'] {
  return read(lifespanShape, body)
}

function read<S extends v.GenericSchema>(schema: S, body: unknown): v.InferOutput<S> {
  if (!isJsonObject(body)) throw malformedBody('The body must be a JSON object.')
  const result = v.safeParse(schema, body, { abortEarly: true })
  if (result.success) return result.output
  const [issue] = result.issues
  const field = issue.path?.[0]?.key
  throw malformedBody(`Field '${String(field)}' must be ${issue.message}.`)
}
