import { invalidRequest, OAuthError } from '../errors/oauth-error.ts'
import { parseJson } from '../util/json.ts'
import { readAtMost } from './stream.ts'

/** Largest body taken, in bytes. */
export const MAX_BODY_BYTES = 1024 * 1024

/** Most items of a list: each is compared with all that its client registered. */
const MAX_ITEMS = 1000

/** Parameters that may appear more than once; every other repeated parameter is an error (RFC 6749 section 3.1). */
const REPEATABLE: ReadonlySet<string> = new Set(['audience', 'resource'])

/** Request parameters. An empty value counts as absent (RFC 6749 section 3.1). */
export class Parameters {
  readonly #values = new Map<string, string[]>()

  /** Reads name/value pairs; throws `invalid_request` on a repeated parameter. */
  constructor(entries: Iterable<readonly [string, string]>) {
    for (const [name, value] of entries) {
      if (value === '') continue
      const values = this.#values.get(name)
      if (values === undefined) this.#values.set(name, [value])
      else if (REPEATABLE.has(name)) values.push(value)
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
}

/** Names what is shaped like a parameter of ours: other names are a stranger's words, and some refusals are pages. */
const repeated = (name: string): OAuthError =>
  invalidRequest(
    `${/^[a-z_]{1,40}$/.test(name) ? `Parameter '${name}'` : 'A parameter'} is given more than once.`,
  )

/** Reads the parameters of a query, without its `?`; throws `invalid_request` on a repeated one. */
export const readQuery = (query: string): Parameters => new Parameters(new URLSearchParams(query))

/** Reads a body of at most 1 MiB; throws `body_too_large` without reading further. */
export async function readBody(request: Request): Promise<Uint8Array<ArrayBuffer>> {
  if (Number(request.headers.get('content-length') ?? 0) > MAX_BODY_BYTES)
    throw new OAuthError('body_too_large')
  const body = await readAtMost(request.body, MAX_BODY_BYTES)
  if (body === undefined) throw new OAuthError('body_too_large')
  return body
}

/** Reads a form body, urlencoded or multipart; throws `invalid_request` for other types, files and duplicates. */
export async function readForm(request: Request): Promise<Parameters> {
  const entries = await readFormEntries(request)
  return new Parameters(entries)
}

/** Reads a form body that must hold something; throws what `readForm` throws, and `invalid_request` when it is empty. */
export async function readFilledForm(request: Request): Promise<Parameters> {
  const form = await readForm(request)
  if (form.size === 0) throw invalidRequest('The body is empty.')
  return form
}

/** The name/value pairs of a form body in order, before duplicates are judged. */
export async function readFormEntries(request: Request): Promise<readonly (readonly [string, string])[]> {
  const body = await readBody(request)
  if (body.byteLength === 0) return []
  const contentType = request.headers.get('content-type') ?? ''
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase()
  if (type === 'application/x-www-form-urlencoded') {
    return [...new URLSearchParams(new TextDecoder().decode(body))]
  }
  if (type !== 'multipart/form-data') {
    throw invalidRequest('The body must be application/x-www-form-urlencoded or multipart/form-data.')
  }
  const data = await new Response(body, { headers: { 'content-type': contentType } }).formData().catch(() => {
    throw invalidRequest('The multipart body is malformed.')
  })
  return [...data].map(([name, value]) => {
    if (typeof value !== 'string') throw invalidRequest('Files are not taken.')
    return [name, value] as const
  })
}

/** Reads a JSON body; throws `malformed_body` when it is not JSON. Content-Type is not checked (contract 0.2). */
export async function readJson(request: Request): Promise<unknown> {
  const body = await readBody(request)
  try {
    return parseJson(body)
  } catch {
    throw new OAuthError('malformed_body', 'The body is not valid JSON.')
  }
}
