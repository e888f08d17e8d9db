export const ISSUER = 'http://localhost:4444'

/** A Ladon that answers HTTP requests, in this process or behind a socket. */
export interface Reachable {
  /** One request; redirects are not followed. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  /** An admin call with the key; a body is sent as JSON. */
  admin(method: string, path: string, body?: unknown): Promise<Response>
  /** A form POST. */
  form(path: string, fields: Readonly<Record<string, string>>, headers?: HeadersInit): Promise<Response>
  /** Introspects a token. */
  introspect(token: string): Promise<Record<string, unknown>>
}

/** A browser as far as redirects and cookies go. */
export class Browser {
  readonly #deployment: Reachable
  readonly cookies = new Map<string, string>()

  constructor(deployment: Reachable) {
    this.#deployment = deployment
  }

  /** The value of the `cookie` header. */
  get cookie(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  /** Requests a page with the cookies it has, keeps what it is given, follows nothing. */
  async visit(url: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    if (this.cookies.size > 0) headers.set('cookie', this.cookie)
    const response = await this.#deployment.fetch(url, { ...init, headers })
    for (const line of response.headers.getSetCookie()) this.#keep(line)
    return response
  }

  /** Visits and returns where the answer leads. */
  async next(url: string, init: RequestInit = {}): Promise<URL> {
    return locationOf(await this.visit(url, init))
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split(/; */)
    const at = pair.indexOf('=')
    const name = pair.slice(0, at)
    if (attributes.some((attribute) => attribute.toLowerCase() === 'max-age=0')) this.cookies.delete(name)
    else this.cookies.set(name, pair.slice(at + 1))
  }
}

/** The address an answer leads to; fails loudly when it leads nowhere. */
export function locationOf(response: Response): URL {
  const location = response.headers.get('location')
  if (location === null) throw new Error(`no redirect, but ${response.status}`)
  return new URL(location, ISSUER)
}

/** Shows the JSON of a response, whatever it is. */
export const bodyOf = async (response: Response): Promise<Record<string, unknown>> => response.json()
