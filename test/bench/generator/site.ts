/** Where a measured server is reached, and as what. */
export interface Site {
  readonly port: number
  /** The origin that requests name, such as `https://login.example`. */
  readonly origin: string
  /** Whether requests name the whole URL, as to a proxy (RFC 9112 section 3.2.2), so that the server sees https. */
  readonly absolute: boolean
  /** Headers that every request has. */
  readonly headers?: Readonly<Record<string, string>>
}

export type Fields = Readonly<Record<string, string>>

/** The address that requests come from, as Cloudflare tells it; documentation range (RFC 5737). */
const CALLER = '203.0.113.7'

/** Returns the text of a request. */
export function requestText(
  site: Site,
  method: string,
  path: string,
  headers: Fields = {},
  body = '',
): string {
  const target = site.absolute ? `${site.origin}${path}` : path
  const given = Object.entries({ ...site.headers, ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  const size = body === '' && method === 'GET' ? '' : `content-length: ${Buffer.byteLength(body)}\r\n`
  const host = new URL(site.origin).host
  return `${method} ${target} HTTP/1.1\r\nhost: ${host}\r\ncf-connecting-ip: ${CALLER}\r\nuser-agent: bench\r\n${given.join('')}${size}\r\n${body}`
}

/** Returns the text of a POST of a form. */
export const formText = (site: Site, path: string, fields: Fields, headers: Fields = {}): string =>
  requestText(
    site,
    'POST',
    path,
    { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    new URLSearchParams(fields).toString(),
  )

/** Returns the text of a request with a JSON body. */
export const jsonText = (
  site: Site,
  method: string,
  path: string,
  body: unknown,
  headers: Fields = {},
): string =>
  requestText(site, method, path, { 'content-type': 'application/json', ...headers }, JSON.stringify(body))

/** The value of an Authorization header of a client (RFC 6749 section 2.3.1); the bench's ids and secrets need no encoding. */
export const basic = (id: string, secret: string): Fields => ({
  authorization: `Basic ${btoa(`${id}:${secret}`)}`,
})

/** The value of an Authorization header with a token (RFC 6750 section 2.1). */
export const bearer = (token: string): Fields => ({ authorization: `Bearer ${token}` })
