import { noParameter } from '../errors/missing.ts'
import { invalidRequest, OAuthError } from '../errors/oauth-error.ts'
import { malformedBody } from '../errors/refusals.ts'
import { InexactJson, parseExactJson } from '../util/exact-json.ts'
import { decodeJson } from '../util/json.ts'
import { SCOPE_TOKEN } from '../util/scope.ts'
import { searchOf } from './address.ts'
import type { RequestBody } from './body.ts'
import {
  ADMIN_PARAMETERS,
  counting,
  type Entries,
  type Entry,
  HYDRA_REPEATS,
  OAUTH_PARAMETERS,
  type Repeats,
} from './repeats.ts'

/** Longest query, in characters. */
export const MAX_QUERY = 8 * 1024

/**
 * Longest query that is read to find whom to tell that it is too long, in characters; as long as a form. The platform
 * takes no longer URLs.
 */
export const MAX_REQUEST = 64 * 1024

/** The largest number of parameters in a request, including empty ones. */
export const MAX_PARAMETERS = 100

/** The largest number of items in a list: each is compared with everything that the client registered. */
const MAX_ITEMS = 1000

/** Longest text of all requested scopes, in characters: as long as a query. */
const MAX_SCOPE_TEXT = 8192

/** Request parameters. An empty value counts as absent (RFC 6749 section 3.1). */
export class Parameters {
  readonly #values = new Map<string, string[]>()
  readonly #named: ReadonlySet<string>
  /** All that was sent, also what does not count. */
  readonly sent: Entries

  /**
   * Reads name/value pairs; of a parameter that is repeated, only what counts (`http/repeats.ts`).
   *
   * @throws `invalid_request` for too many pairs and for a parameter that may not be repeated
   */
  constructor(
    entries: Entries,
    repeats: Repeats = HYDRA_REPEATS,
    known: ReadonlySet<string> = OAUTH_PARAMETERS,
  ) {
    checkNumber(entries.length)
    this.sent = entries
    this.#named = new Set(entries.map(([name]) => name))
    for (const [name, value] of counting(entries, repeats, known)) {
      if (value === '') continue
      const values = this.#values.get(name)
      if (values === undefined) this.#values.set(name, [value])
      else values.push(value)
    }
  }

  /** Whether the parameter was sent, with or without a value. */
  has(name: string): boolean {
    return this.#named.has(name)
  }

  /** How many parameters were sent, with or without a value. */
  get size(): number {
    return this.#named.size
  }

  get(name: string): string | undefined {
    return this.#values.get(name)?.[0]
  }

  /**
   * Returns the value of a parameter. Throws `invalid_request` if it is missing.
   *
   * @param expected - what whoever left it out is told to send
   */
  require(name: string, expected?: () => string): string {
    const value = this.get(name)
    if (value === undefined) throw invalidRequest('parameter_missing', noParameter(name, expected?.()))
    return value
  }

  /**
   * Whether a parameter is true, as any language spells it; a missing one is false. Throws `invalid_request` for what
   * is neither true nor false.
   */
  flag(name: string): boolean {
    const value = (this.get(name) ?? 'false').toLowerCase()
    if (['true', '1', 't'].includes(value)) return true
    if (['false', '0', 'f'].includes(value)) return false
    throw invalidRequest('parameter_malformed', { parameter: name, expected: "'true' or 'false'" })
  }

  /**
   * Returns the items of a parameter that is a list: it may be repeated, and its values may be separated by spaces.
   * Throws `invalid_request` for too many items.
   */
  list(name: string): readonly string[] {
    const items = (this.#values.get(name) ?? []).flatMap((value) => value.split(' '))
    if (items.length <= MAX_ITEMS) return items.filter((item) => item !== '')
    throw invalidRequest('parameter_malformed', {
      parameter: name,
      expected: `a list of at most ${MAX_ITEMS} values`,
    })
  }

  /**
   * Returns the requested scopes without duplicates (RFC 6749 section 3.3).
   * Throws `invalid_request` for too many or too long scopes, since each segment is compared with the registered ones.
   * Throws `invalid_scope` for a value that is no scope token: software that splits at other white space than a single
   * space would see other scopes.
   */
  scopes(): readonly string[] {
    const scopes = [...new Set(this.list('scope'))]
    if (scopes.join(' ').length > MAX_SCOPE_TEXT)
      throw invalidRequest('parameter_malformed', {
        parameter: 'scope',
        expected: `at most ${MAX_SCOPE_TEXT} characters`,
      })
    if (scopes.every((scope) => SCOPE_TOKEN.test(scope))) return scopes
    throw new OAuthError('invalid_scope', 'scope_malformed')
  }
}

function checkNumber(count: number): void {
  if (count > MAX_PARAMETERS) throw invalidRequest('too_many_parameters', { limit: MAX_PARAMETERS })
}

/**
 * Decodes form-encoded text. Throws `invalid_request` for too many pairs, which are counted before they are decoded.
 */
export function readEntries(text: string): Entries {
  // One part more than allowed is enough to refuse.
  const parts = text.split('&', MAX_PARAMETERS + 1)
  checkNumber(parts.length)
  // A question mark in front of all pairs is dropped.
  return text.startsWith('?') ? [...new URLSearchParams(text)] : parts.filter(Boolean).flatMap(entriesIn)
}

/** Matches text that does not stand as it is. */
const ESCAPED = /[%+]/

/** Splits a pair at its first equals sign and decodes it (URL Standard section 5.1). */
function entriesIn(pair: string): Entries {
  const end = pair.indexOf('=')
  const [name, value] = end === -1 ? [pair, ''] : [pair.slice(0, end), pair.slice(end + 1)]
  try {
    return [[decoded(name), decoded(value)]]
  } catch {
    // What is no UTF-8 has its own rules, and their implementation takes longer.
    return [...new URLSearchParams(`&${pair}`)]
  }
}

const decoded = (text: string): string =>
  ESCAPED.test(text) ? decodeURIComponent(text.replaceAll('+', ' ')) : text

/**
 * Encodes name/value pairs as form-encoded text. It does not append them to a URL's `searchParams`, since each append
 * would encode the whole list again.
 */
export const toQuery = (entries: Entries): string =>
  new URLSearchParams(entries.map(([name, value]) => [name, value])).toString()

/** Reads the parameters of a query without its `?`. Throws `invalid_request` for too many, and for a repeated one. */
export const readQuery = (query: string): Parameters => new Parameters(readEntries(query))

/** Returns the query of a request's URL without its `?`. Throws `invalid_request` if it is longer than `limit`. */
export function queryOf(url: string, limit = MAX_QUERY): string {
  const query = searchOf(url)
  if (query.length <= limit) return query
  throw requestTooLong(limit)
}

/** The refusal of a request whose query, or one of whose parts, is longer than `limit` characters. */
export const requestTooLong = (limit: number): OAuthError =>
  invalidRequest('request_too_long', { limit: `${limit} characters` })

/**
 * Returns a query without the parameters that do not count, in its own spelling. Throws as `Parameters`.
 *
 * @param query - without its `?`
 */
export function countingQuery(query: string, repeats: Repeats = HYDRA_REPEATS): string {
  const parts = query.replace(/^\?/, '').split('&', MAX_PARAMETERS + 1)
  checkNumber(parts.length)
  const spelled = new Map<Entry, string>()
  // The `&` keeps a question mark at the beginning, which is part of a name.
  for (const part of parts) for (const entry of new URLSearchParams(`&${part}`)) spelled.set(entry, part)
  const counted = counting([...spelled.keys()], repeats)
  return counted.length === spelled.size ? query : counted.map((entry) => spelled.get(entry)).join('&')
}

/** Reads the query of a request to the admin API. Throws as `Parameters`. */
export const readAdminQuery = (url: string): Parameters =>
  new Parameters(readEntries(searchOf(url)), HYDRA_REPEATS, ADMIN_PARAMETERS)

/**
 * Reads a form body, urlencoded or multipart. Throws as `readFormEntries`, and `invalid_request` for a repeated
 * parameter.
 */
export async function readForm(body: RequestBody): Promise<Parameters> {
  const entries = await readFormEntries(body)
  return new Parameters(entries)
}

/**
 * Reads the name/value pairs of a form body in order, duplicates included.
 *
 * @throws `body_too_large` as soon as the bound is passed, `invalid_request` for another type, a file or too many pairs
 */
export async function readFormEntries(body: RequestBody): Promise<Entries> {
  const contentType = body.type ?? ''
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase()
  if (type === 'application/x-www-form-urlencoded') return readEntries(await body.readText('form'))
  const bytes = await body.read('form')
  if (bytes.byteLength === 0) return []
  if (type !== 'multipart/form-data') {
    throw invalidRequest('body_malformed', {
      expected: `application/x-www-form-urlencoded or multipart/form-data, not ${type || 'without a type'}`,
    })
  }
  const data = await new Response(bytes, { headers: { 'content-type': contentType } })
    .formData()
    .catch(() => {
      throw invalidRequest('body_malformed', { expected: 'well-formed multipart/form-data' })
    })
  const parts = [...data]
  checkNumber(parts.length)
  return parts.map(([name, value]) => {
    if (typeof value !== 'string')
      throw invalidRequest('body_malformed', { expected: 'a form without files' })
    return [name, value] as const
  })
}

/**
 * Reads a JSON body. Does not check the Content-Type (contract 0.2).
 *
 * @param expected - returns what an empty body is told that it must be; absent for that it is no JSON
 * @throws `body_too_large` as soon as the bound is passed, `malformed_body` if it is not JSON, or holds a number or text
 *   that would not go out as it came in
 */
export async function readJson(body: RequestBody, expected?: () => string): Promise<unknown> {
  const bytes = await body.read('json')
  if (expected !== undefined && bytes.length === 0)
    throw malformedBody('body_malformed', { expected: expected() })
  try {
    return parseExactJson(decodeJson(bytes))
  } catch (thrown) {
    if (thrown instanceof InexactJson)
      throw malformedBody('field_malformed', { field: thrown.member, expected: thrown.expected })
    throw new OAuthError('malformed_body', 'json_malformed', { problem: placeOf(thrown, bytes.length) })
  }
}

/** Says where the text of a body ends to be JSON. The engine's own words would repeat parts of the body. */
function placeOf(thrown: unknown, length: number): string {
  if (length === 0) return 'it is empty'
  const message = thrown instanceof SyntaxError ? thrown.message : ''
  const [, line, column] = /line (\d+) column (\d+)/.exec(message) ?? []
  return line === undefined ? 'it ends too early, or is not UTF-8' : `line ${line}, column ${column}`
}
