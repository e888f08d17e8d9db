import { isJsonObject, type JsonObject } from '../util/json.ts'

/** How long an answer may take, milliseconds. */
const ANSWER_WITHIN_MS = 15_000

/** A call of the admin API, or a form of a client. */
export interface SmokeCall {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly json?: unknown
  /** Sent as a form. */
  readonly form?: Readonly<Record<string, string>>
}

/** An answer that was not the one that the step needs. */
export class SmokeFailure extends Error {
  override readonly name: string = 'SmokeFailure'
}

/** There was no answer. */
export class NoAnswer extends SmokeFailure {
  override readonly name = 'NoAnswer'
}

/** The server under test, called as its clients, its login app and a browser call it. */
export class SmokeServer {
  readonly issuer: string
  readonly #origin: string
  readonly #adminKey: string
  readonly #extra: Readonly<Record<string, string>>
  readonly #cookies = new Map<string, string>()

  /**
   * @param issuer - without a slash at the end
   * @param extra - headers of every request to the issuer's origin, for what stands before the server
   */
  constructor(issuer: string, adminKey: string, extra: Readonly<Record<string, string>>) {
    this.issuer = issuer
    this.#origin = new URL(issuer).origin
    this.#adminKey = adminKey
    this.#extra = extra
  }

  /**
   * Sends a request; redirects are not followed. Answers name addresses: what lies at another origin than the issuer's
   * gets no header of ours, so neither key nor cookie. Throws NoAnswer if no answer came in time.
   */
  async send(path: string, { method, headers, json, form }: SmokeCall = {}): Promise<Response> {
    const address = path.startsWith('/') ? this.issuer + path : path
    const body = form === undefined ? undefined : new URLSearchParams(form)
    const init: RequestInit = {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: {
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...(this.#isOwn(address) && { ...this.#extra, ...headers }),
      },
      redirect: 'manual',
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      ...(json !== undefined ? { body: JSON.stringify(json) } : body !== undefined && { body }),
    }
    try {
      return await fetch(address, init)
    } catch (thrown) {
      const cause =
        thrown instanceof Error && thrown.cause instanceof Error ? `: ${thrown.cause.message}` : ''
      throw new NoAnswer(`no answer from ${new URL(address).origin}${cause}`)
    }
  }

  /** Sends a request and returns the JSON of its answer, which must have this status. */
  async json(path: string, call: SmokeCall = {}, status = 200): Promise<JsonObject> {
    const response = await this.send(path, call)
    const text = await response.text()
    if (response.status !== status) throw new SmokeFailure(described(response.status, text))
    const body: unknown = text === '' ? {} : JSON.parse(text)
    if (!isJsonObject(body)) throw new SmokeFailure('the answer is no JSON object')
    return body
  }

  /** Calls the admin API. */
  admin(path: string, call: SmokeCall = {}, status = 200): Promise<JsonObject> {
    const headers = { ...call.headers, authorization: `Bearer ${this.#adminKey}` }
    return this.json(path, { ...call, headers }, status)
  }

  /** Removes something by the admin API, which may be gone. */
  async remove(path: string): Promise<void> {
    const headers = { authorization: `Bearer ${this.#adminKey}` }
    const response = await this.send(path, { method: 'DELETE', headers })
    if (response.status === 204 || response.status === 404) return
    throw new SmokeFailure(described(response.status, await response.text()))
  }

  #isOwn(address: string): boolean {
    return new URL(address).origin === this.#origin
  }

  /** Visits a page as the browser, with its cookies, and returns where it leads. */
  async visit(path: string): Promise<URL> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await this.send(path, { headers: cookie === '' ? {} : { cookie } })
    const cookies = this.#isOwn(new URL(path, `${this.issuer}/`).href) ? response.headers.getSetCookie() : []
    for (const line of cookies) this.#keep(line)
    const to = response.headers.get('location')
    if (to === null) throw new SmokeFailure(described(response.status, await response.text()))
    return new URL(to, `${this.issuer}/`)
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split(/; */)
    const at = pair.indexOf('=')
    const name = pair.slice(0, at)
    if (attributes.some((attribute) => attribute.toLowerCase() === 'max-age=0')) this.#cookies.delete(name)
    else this.#cookies.set(name, pair.slice(at + 1))
  }
}

/** Returns a member that is text. Throws SmokeFailure if it is not. */
export function textOf(body: JsonObject, name: string): string {
  const value = body[name]
  if (typeof value !== 'string') throw new SmokeFailure(`the answer has no ${name}`)
  return value
}

/** Returns a parameter of an address. Throws SmokeFailure if there is none, with the error that is there instead. */
export function parameterOf(url: URL, name: string): string {
  const value = url.searchParams.get(name)
  if (value !== null) return value
  const error = ['error', 'error_description'].map((each) => url.searchParams.get(each)).filter(Boolean)
  const place = url.origin + url.pathname
  throw new SmokeFailure(error.length > 0 ? error.join(': ') : `${place} was reached without ${name}`)
}

/** Throws SmokeFailure unless a condition holds. */
export function must(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new SmokeFailure(otherwise)
}

/** Says what an unwanted answer was, by its error members and nothing else: a body may hold anything. */
function described(status: number, text: string): string {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    body = undefined
  }
  if (!isJsonObject(body)) return `status ${status}`
  const said = [body['error'], body['error_description'], body['error_hint']].filter(
    (value) => typeof value === 'string',
  )
  return [`status ${status}`, ...said].join(', ')
}
