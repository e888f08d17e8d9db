// @ts-check
/** Serves the files of the application as they are; any web server would do. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'

const { env } = process
const PORT = env.PORT ?? '3002'
const issuer = env.LADON_URL ?? 'http://localhost:4444'
const api = env.API_URL ?? 'http://localhost:3001/orders'

const read = (/** @type {string} */ url) => readFileSync(new URL(url, import.meta.url))
const page = read('index.html')
const module = (/** @type {string} */ url) => ({ type: 'text/javascript', body: read(url) })
/** @type {Map<string | undefined, { type: string, body: Buffer | string }>} */
const files = new Map(
  /** @type {[string, { type: string, body: Buffer | string }][]} */ ([
    ['/', { type: 'text/html; charset=utf-8', body: page }],
    ['/app.js', module('app.js')],
    ['/lib/oidc-client-ts.js', module(import.meta.resolve('oidc-client-ts'))],
    ['/lib/jwt-decode.js', module(import.meta.resolve('jwt-decode'))],
    [
      '/config.json',
      { type: 'application/json', body: JSON.stringify({ issuer, api, clientId: env.CLIENT_ID ?? 'spa' }) },
    ],
  ]),
)

// Whatever script ran in this page could take the tokens, so only ours may, and it may talk to nobody else.
const map = /<script type="importmap">(.*?)<\/script>/s.exec(String(page))?.[1] ?? ''
const hash = createHash('sha256').update(map).digest('base64')
const policy = `default-src 'none'; script-src 'self' 'sha256-${hash}'; connect-src 'self' ${issuer} ${new URL(api).origin}; frame-ancestors 'none'; base-uri 'none'`

createServer(({ url }, response) => {
  const file = files.get(url?.split('?')[0])
  const { type, body } = file ?? { type: 'text/plain', body: 'Nothing here' }
  response.writeHead(file ? 200 : 404, {
    'content-type': type,
    'content-security-policy': policy,
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  })
  response.end(body)
}).listen(Number(PORT), '127.0.0.1', () => console.log(`Ready on http://127.0.0.1:${PORT}`))
