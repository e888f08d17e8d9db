import { invalidRequest, OAuthError } from '../errors/oauth-error.ts'
import { parseJson } from '../util/json.ts'
import { SCOPE_TOKEN } from '../util/scope.ts'
import type { RequestBody } from './body.ts'

/** Longest query of parameters, in characters. */
export const MAX_QUERY = 8 * 1024

/** Most parameters of a request, the empty ones too. */
export const MAX_PARAMETERS = 100

/** Most items of a list: each is compared with all that its client registered. */
const MAX_ITEMS = 1000

/** Most characters of all requested scopes: as much as a query holds. */
const MAX_SCOPE_TEXT = 8192

/** Parameters that may appear more than once; every other repeated parameter is an error (RFC 6749 section 3.1). */
export const REPEATABLE: ReadonlySet<string> = new Set(['audience', 'resource'])

/** Names and values in the order in which they came. */
export type Entries = readonly (readonly [string, string])[]

/** Request parameters. An empty value counts as absent (RFC 6749 section 3.1). */
export class Parameters {
  readonly #values = new Map<string, string[]>()

  /** Reads name/value pairs; throws `invalid_request` for too many of them, and on a repeated parameter. */
  constructor(entries: Entries, repeatable: ReadonlySet<string> = REPEATABLE) {
    checkNumber(entries.length)
    for (const [name, value] of entries) {
      if (value === '') continue
      const values = this.#values.get(name)
      if (values === undefined) this.#values.set(name, [value])
      else if (repeatable.has(name)) values.push(value)
      else throw repeated(name)
    }
  }

  get size(): number {
    return this.#values.size
  }

  get(name: string): string | undefined {
    return this.#values.get(name)?.[0]
  }

  /** The parameter's value; throws `invalid_request` when it is missing. */
  require(name: string): string {
    const value = this.get(name)
    if (value === undefined) throw invalidRequest(`Parameter '${name}' is missing.`)
    return value
  }

  /** A parameter that is a list: repeated, or one value separated by spaces. Throws `invalid_request` for too long a one. */
  list(name: string): readonly string[] {
    const items = (this.#values.get(name) ?? []).flatMap((value) => value.split(' '))
    if (items.length <= MAX_ITEMS) return items.filter((item) => item !== '')
    throw invalidRequest(`Parameter '${name}' has too many values.`)
  }

  /**
   * The requested scopes, each once (RFC 6749 section 3.3): each segment of theirs is compared with all that may be had.
   * Throws `invalid_request` for too many or too long ones, `invalid_scope` for
   * a value that is no scope token: who splits at other white space than a single space would see other scopes.
   */
  scopes(): readonly string[] {
    const scopes = [...new Set(this.list('scope'))]
    if (scopes.join(' ').length > MAX_SCOPE_TEXT)
      throw invalidRequest('parameter_malformed', {
        parameter: 'scope',
        expected: `at most ${MAX_SCOPE_TEXT} characters`,
      })
    if (scopes.every((scope) => SCOPE_TOKEN.test(scope))) return scopes
    throw new OAuthError('invalid_scope', "Parameter 'scope' holds a value that is no scope token.")
  }
}

function checkNumber(count: number): void {
  if (count > MAX_PARAMETERS) throw invalidRequest(`The request has more than ${MAX_PARAMETERS} parameters.`)
}

/** Names what is shaped like a parameter of ours: other names are a stranger's words, and some refusals are pages. */
const repeated = (name: string): OAuthError =>
  invalidRequest(
    `${/^[a-z_]{1,40}$/.test(name) ? `Parameter '${name}'` : 'A parameter'} is given more than once.`,
  )

/** The name/value pairs of form-encoded text, counted before they are decoded; throws `invalid_request` for too many. */
export function readEntries(text: string): Entries {
  // A part more than there may be says enough.
  checkNumber(text.split('&', MAX_PARAMETERS + 1).length)
  return [...new URLSearchParams(text)]
}

/** Name/value pairs as form-encoded text. Made in one go: each change to a list that belongs to a URL writes all of it anew. */
export const toQuery = (entries: Entries): string =>
  new URLSearchParams(entries.map(([name, value]) => [name, value])).toString()

/** Reads the parameters of a query, without its `?`; throws `invalid_request` for too many, or a repeated one. */
export const readQuery = (query: string): Parameters => new Parameters(readEntries(query))

/** The query of a request's URL, without its `?`; throws `invalid_request` for one longer than 8 KB. */
export function queryOf(url: string): string {
  const query = new URL(url).search.slice(1)
  if (query.length <= MAX_QUERY) return query
  throw invalidRequest(`The query is longer than ${MAX_QUERY} characters.`)
}

/**
 * The query of a URL by name; of a repeated name the first value counts. Read in one go: Hono's reader searches what is
 * left of the query again for each name.
 */
export const firstValues = (url: string): Readonly<Record<string, string>> =>
  Object.fromEntries([...new URLSearchParams(new URL(url).search)].reverse())

/** Reads a form body, urlencoded or multipart; throws what `readFormEntries` throws, and `invalid_request` on duplicates. */
export async function readForm(body: RequestBody): Promise<Parameters> {
  const entries = await readFormEntries(body)
  return new Parameters(entries)
}

/** Reads a form body that must hold something; throws what `readForm` throws, and `invalid_request` when it is empty. */
export async function readFilledForm(body: RequestBody): Promise<Parameters> {
  const form = await readForm(body)
  if (form.size === 0) throw invalidRequest('The body is empty.')
  return form
}

/**
 * The name/value pairs of a form body in order, before duplicates are judged.
 *
 * @throws `body_too_large` without reading further, `invalid_request` for other types, files and too many pairs
 */
export async function readFormEntries(body: RequestBody): Promise<Entries> {
  const bytes = await body.read('form')
  if (bytes.byteLength === 0) return []
  const contentType = body.type ?? ''
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase()
  if (type === 'application/x-www-form-urlencoded') {
    return readEntries(new TextDecoder().decode(bytes))
  }
  if (type !== 'multipart/form-data') {
    throw invalidRequest('The body must be application/x-www-form-urlencoded or multipart/form-data.')
  }
  const data = await new Response(bytes, { headers: { 'content-type': contentType } })
    .formData()
    .catch(() => {
      throw invalidRequest('The multipart body is malformed.')
    })
  const parts = [...data]
  checkNumber(parts.length)
  return parts.map(([name, value]) => {
    if (typeof value !== 'string') throw invalidRequest('Files are not taken.')
    return [name, value] as const
  })
}

/** Reads a JSON body; throws `body_too_large` for a too large one, `malformed_body` when it is not JSON. Content-Type is not checked (contract 0.2). */
export async function readJson(body: RequestBody): Promise<unknown> {
  const bytes = await body.read('json')
  try {
    return parseJson(bytes)
  } catch {
    throw new OAuthError('malformed_body', 'The body is not valid JSON.')
  }
}
