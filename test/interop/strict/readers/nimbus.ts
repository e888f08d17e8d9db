import type { Document, Kind } from '../documents.ts'
import { isList, isObject, type Json, Numeral, parseJson } from './json.ts'

/** Whether a value is taken; absent members are not asked about. */
type Rule = (value: Json) => boolean

/** What is asked of the members of one kind of document: those that must be there, and what each may hold. */
interface Rules {
  readonly required: readonly string[]
  readonly members: Readonly<Record<string, Rule>>
}

const orNull =
  (rule: Rule): Rule =>
  (value) =>
    value === null || rule(value)

const text: Rule = (value) => typeof value === 'string'
const filled: Rule = (value) => typeof value === 'string' && value !== ''
const flag: Rule = (value) => typeof value === 'boolean'
const number: Rule = (value) => value instanceof Numeral
const numeric: Rule = (value) => number(value) || (text(value) && /^-?\d+$/.test(String(value)))
const uri: Rule = (value) => typeof value === 'string' && !/[\s"<>\\^`{|}]/.test(value)
const uriOf =
  (...schemes: readonly string[]): Rule =>
  (value) =>
    uri(value) && schemes.some((scheme) => String(value).startsWith(`${scheme}:`))
const absolute: Rule = (value) => uri(value) && /^[a-z][a-z0-9+.-]*:[^#]*$/i.test(String(value))
const list: Rule = (value) => isList(value)
const listOf =
  (rule: Rule): Rule =>
  (value) =>
    isList(value) && value.every((item) => item === null || rule(item))
const oneOf =
  (...values: readonly string[]): Rule =>
  (value) =>
    typeof value === 'string' && values.includes(value)
const language: Rule = (value) => typeof value === 'string' && /^[a-z]{2,8}(-[a-z0-9]{1,8})*$/i.test(value)
const jwt: Rule = (value) => typeof value === 'string' && value.split('.').length >= 3

const DISCOVERY: Rules = {
  required: ['issuer', 'subject_types_supported', 'jwks_uri'],
  members: {
    issuer: (value) => uri(value) && !/[?#]/.test(String(value)),
    subject_types_supported: (value) =>
      isList(value) && value.length > 0 && value.every(oneOf('public', 'pairwise')),
    jwks_uri: uri,
    ...Object.fromEntries(
      ['authorization', 'token', 'userinfo', 'registration', 'revocation', 'device_authorization'].map(
        (name): [string, Rule] => [`${name}_endpoint`, orNull(uri)],
      ),
    ),
    op_policy_uri: orNull(uriOf('https', 'http')),
    op_tos_uri: orNull(uriOf('https', 'http')),
    claims_parameter_supported: orNull(flag),
    request_parameter_supported: orNull(flag),
    claims_supported: orNull(list),
    grant_types_supported: orNull(list),
    scopes_supported: orNull(list),
    prompt_values_supported: orNull(listOf(oneOf('none', 'login', 'consent', 'select_account', 'create'))),
    display_values_supported: orNull(listOf(oneOf('page', 'popup', 'touch', 'wap'))),
    claim_types_supported: orNull(listOf(oneOf('normal', 'aggregated', 'distributed'))),
    response_types_supported: orNull(listOf(filled)),
    token_endpoint_auth_signing_alg_values_supported: orNull(listOf((value) => value !== 'none')),
    ui_locales_supported: orNull(listOf(language)),
  },
}

const REGISTRATION: Rules = {
  required: ['client_id'],
  members: {
    client_id: filled,
    client_secret: text,
    client_secret_expires_at: number,
    client_id_issued_at: number,
    registration_access_token: filled,
    registration_client_uri: orNull(uri),
    redirect_uris: orNull((value) => isList(value) && value.every(absolute)),
    contacts: orNull(list),
    client_uri: orNull(uriOf('https', 'http')),
    policy_uri: orNull(uriOf('https', 'http')),
    tos_uri: orNull(uriOf('https', 'http')),
    sector_identifier_uri: orNull(uriOf('https')),
    frontchannel_logout_uri: orNull(absolute),
    backchannel_logout_uri: orNull(absolute),
    initiate_login_uri: orNull(absolute),
    subject_type: orNull(oneOf('public', 'pairwise')),
    application_type: orNull(oneOf('web', 'native')),
    token_endpoint_auth_method: orNull(filled),
    response_types: orNull(listOf(filled)),
  },
}

const TOKEN: Rules = {
  required: ['access_token', 'token_type'],
  members: {
    access_token: filled,
    token_type: (value) => typeof value === 'string' && /^(bearer|dpop)$/i.test(value),
    expires_in: numeric,
    scope: orNull(text),
    refresh_token: orNull(filled),
    id_token: orNull(jwt),
  },
}

const DEVICE: Rules = {
  required: ['device_code', 'user_code', 'verification_uri', 'expires_in'],
  members: {
    device_code: filled,
    user_code: filled,
    verification_uri: uri,
    expires_in: number,
    interval: numeric,
  },
}

const RULES: Partial<Record<Kind, Rules>> = {
  discovery: DISCOVERY,
  registration: REGISTRATION,
  token: TOKEN,
  deviceAuthorization: DEVICE,
  introspection: { required: ['active'], members: { active: flag } },
  userinfo: { required: ['sub'], members: { sub: text } },
}

/** What version 11 asks for beyond version 9, by kind. */
const SINCE_11: Partial<Record<Kind, Readonly<Record<string, Rule>>>> = {
  registration: { client_secret: filled, request_object_signing_alg: orNull(filled) },
  token: {
    expires_in: (value) => TOKEN.members['expires_in']?.(value) === true && !/^-|\d{19}/.test(written(value)),
  },
}

const written = (value: Json): string => (value instanceof Numeral ? value.source : String(value))

/** What is wrong with a set of keys. */
function refusedKeys(set: Json): readonly string[] {
  const keys = isObject(set) ? set['keys'] : undefined
  if (keys === undefined || !isList(keys)) return ['keys']
  return keys.every((key) => isObject(key) && filled(key['kty'] ?? null)) ? [] : ['kty']
}

/** The members of a document that Nimbus's parsers refuse. */
export function refusedByNimbus({ kind, text: json }: Document, version: string): readonly string[] {
  const rules = RULES[kind]
  const document = parseJson(json)
  if (kind === 'jsonWebKeySet') return refusedKeys(document)
  if (rules === undefined) return []
  if (!isObject(document)) return ['']
  const members = { ...rules.members, ...(Number.parseInt(version, 10) >= 11 && SINCE_11[kind]) }
  const missing = rules.required.filter((name) => document[name] === undefined)
  const wrong = Object.entries(members).filter(([name, rule]) => {
    const value = document[name]
    return value !== undefined && !rule(value)
  })
  const jwks = kind === 'registration' ? (document['jwks'] ?? null) : null
  return [...missing, ...wrong.map(([name]) => name), ...(jwks === null ? [] : refusedKeys(jwks))]
}
