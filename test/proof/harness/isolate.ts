import type { Reachable } from '../../support/browser.ts'

/** How long an answer may take, milliseconds. */
const ANSWER_WITHIN_MS = 60_000

/** One Worker isolate behind a socket of its own. */
export class Isolate implements Reachable {
  readonly base: string
  readonly #adminKey: string
  readonly #network: string
  /** Is told of every answer. */
  observe: (response: Response, what: string) => void = () => {}

  /** @param network the IP address that requests come from. */
  constructor(base: string, adminKey: string, network = '192.0.2.1') {
    this.base = base
    this.#adminKey = adminKey
    this.#network = network
  }

  /** The same isolate, asked from another IP address. */
  from(network: string): Isolate {
    return new Isolate(this.base, this.#adminKey, network)
  }

  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    if (!headers.has('cf-connecting-ip')) headers.set('cf-connecting-ip', this.#network)
    const target = new URL(path, this.base)
    // Answers lead to the issuer, which is the first isolate; the caller says which one is asked.
    const url = new URL(target.pathname + target.search, this.base)
    const response = await globalThis.fetch(url, {
      redirect: 'manual',
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      ...init,
      headers,
    })
    this.observe(response, `${init.method ?? 'GET'} ${url.pathname}`)
    return response
  }

  admin(method: string, path: string, body?: unknown): Promise<Response> {
    return this.fetch(path, {
      method,
      headers: { authorization: `Bearer ${this.#adminKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  }

  form(path: string, fields: Readonly<Record<string, string>>, headers: HeadersInit = {}): Promise<Response> {
    return this.fetch(path, { method: 'POST', headers, body: new URLSearchParams(fields) })
  }

  async introspect(token: string): Promise<Record<string, unknown>> {
    const headers = { authorization: `Bearer ${this.#adminKey}` }
    const response = await this.form('/admin/oauth2/introspect', { token }, headers)
    const text = await response.text()
    if (response.status !== 200) throw new Error(`no introspection: ${response.status} ${text}`)
    return JSON.parse(text)
  }

  /** Whether a token is active. */
  async isActive(token: string): Promise<boolean> {
    return (await this.introspect(token))['active'] === true
  }
}
