import { UnsecuredJWT } from 'jose'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { assertionFields, makeKey, signAssertion } from '../support/assertions.ts'
import { Browser, Deployment, testEnv } from '../support/deployment.ts'
import {
  authorizationPath,
  logIn,
  REDIRECT_URI,
  registerClient,
  tokenRequest,
} from '../support/relying-party.ts'

const HOOK = 'https://hooks.example/token'
const DOCUMENT = 'https://app.example/document'

type Serve = () => Response | Promise<Response>

/** What another server may do that is no answer to use. */
const BAD: readonly (readonly [string, Serve])[] = [
  ['is not there', () => new Response('', { status: 404 })],
  ['fails', () => new Response('', { status: 500 })],
  ['asks to wait', () => new Response('', { status: 429, headers: { 'retry-after': '60' } })],
  ['redirects', () => new Response(null, { status: 307, headers: { location: 'https://x.example/' } })],
  ['cannot be reached', () => Promise.reject(new TypeError('connection refused'))],
  ['is silent', () => new Promise<Response>(() => undefined)],
  ['never ends its answer', () => new Response(endless())],
  ['answers with too much', () => new Response('x'.repeat(2 * 1024 * 1024))],
  ['answers with a page', () => new Response('<html>')],
  ['answers with bytes that are no text', () => new Response(new Uint8Array([0xff, 0xfe, 0x00, 0xd8]))],
]

/** An answer of which a part comes at once and the rest never. */
const endless = (): ReadableStream<Uint8Array> =>
  new ReadableStream({ start: (stream) => stream.enqueue(new TextEncoder().encode('{"keys":')) })

/** One kind of server that Ladon asks: how to have it asked, and what a good one says. */
interface Target {
  readonly good: Serve
  /** Statuses of an answer while the server is bad. */
  readonly refused: readonly number[]
  readonly accepted: number
  /** Prepares what is needed, and returns how to have the server asked, which gives the answer's status. */
  prepare(): Promise<() => Promise<number>>
}

const deployment = new Deployment(testEnv({ OAUTH2_TOKEN_HOOK: HOOK }))
/** Without a hook, whose server would be asked as well. */
const plain = new Deployment()

const TARGETS: Readonly<Record<string, Target>> = {
  'a token hook': {
    good: () => new Response(null, { status: 204 }),
    refused: [500],
    accepted: 200,
    prepare: async () => {
      const client = await registerClient(deployment)
      return async () => (await tokenRequest(deployment, client, { grant_type: 'client_credentials' })).status
    },
  },
  'a jwks_uri': {
    good: () => Response.json({ keys: [key.publicJwk] }),
    refused: [401, 503],
    accepted: 200,
    prepare: async () => {
      const jwks_uri = `${DOCUMENT}?${crypto.randomUUID()}`
      const metadata = { token_endpoint_auth_method: 'private_key_jwt', jwks_uri, client_secret: undefined }
      const { id } = await registerClient(plain, metadata)
      return async () => {
        const assertion = await signAssertion(key, { iss: id, sub: id })
        const fields = { grant_type: 'client_credentials', ...assertionFields(assertion) }
        return (await plain.form('/oauth2/token', fields)).status
      }
    },
  },
  'a request_uri': {
    good: () => new Response(new UnsecuredJWT({ redirect_uri: REDIRECT_URI }).encode()),
    refused: [400],
    accepted: 200,
    prepare: async () => {
      const request_uri = `${DOCUMENT}?${crypto.randomUUID()}`
      const client = await registerClient(plain, { request_uris: [request_uri] })
      return async () => {
        const at = await new Browser(plain).next(authorizationPath(client, { request_uri }))
        return at.searchParams.has('login_challenge') ? 200 : 400
      }
    },
  },
  'a sector_identifier_uri': {
    good: () => Response.json([REDIRECT_URI]),
    refused: [400],
    accepted: 201,
    prepare: async () => {
      const body = { redirect_uris: [REDIRECT_URI], sector_identifier_uri: DOCUMENT }
      return async () => (await plain.admin('POST', '/admin/clients', body)).status
    },
  },
  'a backchannel_logout_uri': {
    good: () => new Response(null, { status: 204 }),
    // The session ends whatever its clients do; the ledger tells them later.
    refused: [204],
    accepted: 204,
    prepare: async () => {
      const client = await registerClient(plain, { backchannel_logout_uri: DOCUMENT })
      return async () => {
        const subject = crypto.randomUUID()
        await logIn(plain, client, { login: { subject, remember: true } })
        return (await plain.admin('DELETE', `/admin/oauth2/auth/sessions/login?subject=${subject}`)).status
      }
    },
  },
}

const key = await makeKey()
let serve: Serve
let asked: number

beforeEach(() => {
  asked = 0
  vi.spyOn(globalThis, 'fetch').mockImplementation(async () => {
    asked += 1
    return serve()
  })
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** Lets 20 s pass each time that the other server is asked, so that what waits for it is late. */
async function late<T>(work: () => Promise<T>): Promise<T> {
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'], now: Date.now() })
  let done = false
  let seen = 0
  const outcome = work().finally(() => {
    done = true
  })
  while (!done) {
    await scheduler.wait(5)
    if (done || asked === seen) continue
    seen = asked
    await vi.advanceTimersByTimeAsync(20_000)
  }
  vi.useRealTimers()
  return outcome
}

describe.each(Object.entries(TARGETS))('%s', (_target, { good, refused, accepted, prepare }) => {
  it.each(BAD)('that %s is bounded, told as what it is, and asked again', async (_name, bad) => {
    const ask = await prepare()
    serve = bad
    expect(refused).toContain(await late(ask))
    expect(asked).toBeGreaterThan(0)
    serve = good
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 })
    expect(await ask()).toBe(accepted)
  })
})
