import { malformedBody, unusableField } from '../../errors/refusals.ts'
import { isJsonObject } from '../../util/json.ts'
import { hasInnerWildcard, MAX_INNER_WILDCARDS, SCOPE_TOKEN } from '../../util/scope.ts'

/** Maximum number of members of a client's JSON: the known fields and the localized ones. */
const MAX_FIELDS = 200

/** Maximum length of a single value, in characters: browsers and proxies accept no longer URLs. */
const MAX_VALUE = 2048

/** Maximum number of values of a list, and of keys of a set. */
const MAX_VALUES = 1000
const MAX_KEYS = 100

/** Maximum length of a list of scopes in characters, and maximum number of scopes. */
const MAX_SCOPE_TEXT = 32_768
const MAX_SCOPES = 1000

/** Fields with bounds of their own, or only bounded as a part of the whole. */
const MEASURED_APART: readonly string[] = ['scope', 'jwks', 'metadata']

/**
 * Checks the size of a client's JSON before any of it is processed, since every part costs work now and in each later
 * request. `metadata` is bounded only as a part of the whole.
 *
 * @throws `malformed_body` for too many fields, `invalid_client_metadata` for a field that is too long
 */
export function measure(body: unknown): void {
  if (!isJsonObject(body)) return
  const { scope = null, jwks = null } = body
  const names = Object.keys(body)
  if (names.length > MAX_FIELDS) throw malformedBody('too_many_fields', { limit: MAX_FIELDS })
  for (const name of names) if (!MEASURED_APART.includes(name)) checkField(name, body[name])
  if (isJsonObject(jwks)) checkNumber('jwks', jwks['keys'], MAX_KEYS)
  if (typeof scope === 'string') checkScope(scope)
}

function checkField(name: string, value: unknown): void {
  checkNumber(name, value, MAX_VALUES)
  const tooLong = [value].flat().some((text) => typeof text === 'string' && text.length > MAX_VALUE)
  if (tooLong) throw unusableField(told(name), `has a value longer than ${MAX_VALUE} characters`)
}

function checkNumber(name: string, value: unknown, most: number): void {
  if (!Array.isArray(value) || value.length <= most) return
  throw unusableField(told(name), `has more than ${most} values`)
}

/** Checks number and form of scopes: tokens, separated by spaces (RFC 6749 section 3.3). */
function checkScope(text: string): void {
  const scopes = text.length > MAX_SCOPE_TEXT ? [] : text.split(' ').filter((scope) => scope !== '')
  if (text.length > MAX_SCOPE_TEXT || scopes.length > MAX_SCOPES)
    throw unusableField(
      'scope',
      `has more than ${MAX_SCOPES} scopes, or more than ${MAX_SCOPE_TEXT} characters`,
    )
  if (!scopes.every((scope) => SCOPE_TOKEN.test(scope)))
    throw unusableField(
      'scope',
      'holds what is no scope token: printable ASCII without quotes and backslashes',
    )
  if (scopes.filter(hasInnerWildcard).length > MAX_INNER_WILDCARDS)
    throw unusableField(
      'scope',
      `has more than ${MAX_INNER_WILDCARDS} scopes with '*' before their last segment`,
    )
}

const told = (name: string): string => name.slice(0, 64)
