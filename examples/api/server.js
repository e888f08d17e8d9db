// @ts-check
/** An API that takes Ladon's access tokens: a JWT is verified here, an opaque one is asked about at Ladon. */
import { createServer } from 'node:http'
import { createRemoteJWKSet, jwtVerify } from 'jose'

const { env } = process
const PORT = env.PORT ?? '3001'
const ISSUER = env.LADON_URL ?? 'http://localhost:4444'
const AUDIENCE = env.CLIENT_ID ?? 'orders-api'
const EVERYBODYS_SECRET = 'a-secret-of-the-orders-api'
const SECRET = env.CLIENT_SECRET ?? EVERYBODYS_SECRET
/** Pages that may call the API from a browser, by origin. */
const PAGES = (env.ALLOWED_ORIGINS ?? 'http://127.0.0.1:3002').split(',')

const isHere = /^(localhost|127[\d.]+|\[::1])$/.test(new URL(ISSUER).hostname)
if (SECRET === EVERYBODYS_SECRET && !isHere) {
  console.error('Ladon is elsewhere: set CLIENT_SECRET. Everybody knows the secret of the example.')
  process.exit(1)
}

/** What this API needs to know of a token. @typedef {{ sub: string, scopes: string[] }} Caller */

/** The token is not good here; any other error is trouble, which must not log anybody out. */
class InvalidToken extends Error {}

/** What jose throws when it did not get the keys. */
const NO_KEYS = ['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC']

/** @type {{ issuer: string, jwks_uri: string, introspection_endpoint: string }} */
const discovery = await (await fetch(`${ISSUER}/.well-known/openid-configuration`)).json()
const keys = createRemoteJWKSet(new URL(discovery.jwks_uri))

/** A JWT costs no request, and a revocation shows only when it expires. @param {string} token @returns {Promise<Caller>} */
async function verifyJwt(token) {
  // Without the audience an ID token, or a token for another API, would do.
  const options = { issuer: discovery.issuer, audience: AUDIENCE, requiredClaims: ['exp', 'sub', 'scp'] }
  const { payload } = await jwtVerify(token, keys, options).catch((thrown) => {
    const isTrouble = NO_KEYS.includes(thrown.code) || !String(thrown.code).startsWith('ERR_J')
    throw isTrouble ? thrown : new InvalidToken()
  })
  return { sub: String(payload.sub), scopes: [payload['scp'] ?? []].flat().map(String) }
}

/** Ladon tells this client of tokens whose audience names it (RFC 7662). @param {string} token @returns {Promise<Caller>} */
async function introspect(token) {
  // RFC 6749 section 2.3.1: id and secret are form-encoded first.
  const basic = btoa([AUDIENCE, SECRET].map(encodeURIComponent).join(':'))
  const answer = await fetch(discovery.introspection_endpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
    body: new URLSearchParams({ token }),
    signal: AbortSignal.timeout(5000),
  })
  if (!answer.ok) throw new Error(`introspection answered ${answer.status}`)
  /** @type {{ active: boolean, token_use?: string, aud?: string[], sub: string, scope?: string }} */
  const told = await answer.json()
  if (!told.active || told.token_use !== 'access_token' || !told.aud?.includes(AUDIENCE))
    throw new InvalidToken()
  return { sub: told.sub, scopes: (told.scope ?? '').split(' ') }
}

/** Status, body and headers. @typedef {[number, object, Record<string, string>?]} Answer */

/** @param {import('node:http').IncomingMessage} request @returns {Promise<Answer>} */
async function answer({ headers, url }) {
  if (url !== '/orders') return [404, { error: 'not_found' }]
  const [, token] = /^Bearer ([\w.~+/-]+=*)$/i.exec(headers.authorization ?? '') ?? []
  if (token === undefined) return [401, {}, { 'www-authenticate': 'Bearer' }]
  const caller = await (token.split('.').length === 3 ? verifyJwt(token) : introspect(token))
  if (caller.scopes.includes('orders:read')) return [200, { orders: ['a book', 'a lamp'], user: caller.sub }]
  return [403, {}, { 'www-authenticate': 'Bearer error="insufficient_scope", scope="orders:read"' }]
}

/** @param {unknown} thrown @returns {Answer} */
function refuse(thrown) {
  if (thrown instanceof InvalidToken) return [401, {}, { 'www-authenticate': 'Bearer error="invalid_token"' }]
  console.error(thrown)
  // Not 401: the token may be good, and its owner must not be logged out.
  return [503, {}, { 'retry-after': '5' }]
}

createServer(async (request, response) => {
  const { origin } = request.headers
  if (origin !== undefined && PAGES.includes(origin))
    response.setHeader('access-control-allow-origin', origin)
  response.setHeader('vary', 'origin')
  if (request.method === 'OPTIONS') {
    response.writeHead(204, { 'access-control-allow-headers': 'authorization' }).end()
    return
  }
  const [status, body, headers] = await answer(request).catch(refuse)
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}).listen(Number(PORT), 'localhost', () => console.log(`Ready on http://localhost:${PORT}`))
