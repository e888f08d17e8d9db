import type { Parameters } from '../http/form.ts'
import { parseExactJson } from '../util/exact-json.ts'
import { isJsonObject, type JsonObject } from '../util/json.ts'

/** Claims requested for one place, by name; null requests the claim without further conditions. */
type ClaimsRequest = Readonly<Record<string, JsonObject | null>>

/** The `claims` parameter of a request (OIDC Core section 5.5). */
export interface RequestedClaims {
  readonly id_token: ClaimsRequest
  readonly userinfo: ClaimsRequest
}

/** Reads the `claims` parameter; `undefined` if it is malformed. */
export function requestedClaims(parameters: Parameters): RequestedClaims | undefined {
  try {
    const claims: unknown = parseExactJson(parameters.get('claims') ?? '{}')
    if (!isJsonObject(claims)) return undefined
    const { id_token = {}, userinfo = {} } = claims
    return isClaimsRequest(id_token) && isClaimsRequest(userinfo) ? { id_token, userinfo } : undefined
  } catch {
    return undefined
  }
}

const isClaimsRequest = (value: unknown): value is ClaimsRequest =>
  isJsonObject(value) && Object.values(value).every((claim) => claim === null || isJsonObject(claim))

/** Claims about the login. They say nothing of the user that the client does not learn anyway. */
const ABOUT_LOGIN: readonly string[] = ['sub', 'acr', 'amr', 'auth_time']

/** Returns the names of the claims about the user that a request asks for, each once and without language tags. */
export function requestedNames(parameters: Parameters): readonly string[] {
  const { id_token = {}, userinfo = {} } = requestedClaims(parameters) ?? {}
  const names = [...Object.keys(id_token), ...Object.keys(userinfo)].map(
    (name) => name.split('#', 1)[0] ?? '',
  )
  return [...new Set(names)].filter((name) => !ABOUT_LOGIN.includes(name))
}
