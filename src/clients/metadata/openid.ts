import { OAuthError } from '../../errors/oauth-error.ts'
import { KEY_ALGORITHMS } from '../../keys/material.ts'
import type { ClientRecord } from '../../store/types.ts'
import { isJsonObject, type JsonObject } from '../../util/json.ts'
import { isPlainText } from '../../util/text.ts'
import { CONTENT_ENCRYPTIONS, KEY_ENCRYPTIONS, openidText } from './encryption.ts'
import { isHttpUrl } from './uris.ts'

type Rule = (value: unknown) => boolean

const isText = (value: unknown): value is string => typeof value === 'string' && isPlainText(value)

const isUrl: Rule = (value) => isText(value) && isHttpUrl(value)

const oneOf =
  (...values: readonly string[]): Rule =>
  (value) =>
    values.some((known) => known === value)

/** Fields of OIDC Registration section 2 and RFC 7591 section 2 beyond those of Hydra, each with what it may hold. */
const RULES: ReadonlyMap<string, Rule> = new Map([
  ['application_type', oneOf('web', 'native')],
  ['default_max_age', (value) => Number.isSafeInteger(value) && Number(value) >= 0],
  ['id_token_signed_response_alg', oneOf(...KEY_ALGORITHMS)],
  ['id_token_encrypted_response_alg', oneOf(...KEY_ENCRYPTIONS)],
  ['id_token_encrypted_response_enc', oneOf(...CONTENT_ENCRYPTIONS)],
  ['userinfo_encrypted_response_alg', oneOf(...KEY_ENCRYPTIONS)],
  ['userinfo_encrypted_response_enc', oneOf(...CONTENT_ENCRYPTIONS)],
  // Encrypted request objects are refused, so nobody may announce them.
  ['request_object_encryption_alg', oneOf()],
  ['request_object_encryption_enc', oneOf()],
  ['require_auth_time', (value) => typeof value === 'boolean'],
  ['default_acr_values', (value) => Array.isArray(value) && value.every(isText)],
  ['initiate_login_uri', (value) => isUrl(value) && /^https/i.test(String(value))],
  ['software_id', isText],
  ['software_version', isText],
])

/** Names and addresses for people, by language (OIDC Registration section 2.1). */
const LOCALIZED = /^(?:client_name|client_uri|logo_uri|policy_uri|tos_uri)#[A-Za-z0-9-]{1,35}$/

/** The algorithm a client wants its ID tokens and logout tokens signed with; `undefined` for whatever signs now. */
export const idTokenAlgorithm = ({ metadata }: ClientRecord): string | undefined =>
  openidText(metadata, 'id_token_signed_response_alg')

/** Reads the further fields of a client's JSON that are given; throws `invalid_client_metadata` for an unusable one. */
export function readOpenid(body: unknown): JsonObject {
  const given = Object.entries(isJsonObject(body) ? body : {}).filter(([name, value]) => {
    const rule = LOCALIZED.test(name) ? (name.includes('_uri') ? isUrl : isText) : RULES.get(name)
    if (rule === undefined || value === null || value === '') return false
    if (rule(value)) return true
    throw new OAuthError('invalid_client_metadata', `Field '${name}' has an unusable value.`)
  })
  return Object.fromEntries(given)
}
