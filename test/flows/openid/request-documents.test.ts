import { SignJWT } from 'jose'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { toBase64url } from '../../../src/util/base64url.ts'
import { sha256 } from '../../../src/util/digest.ts'
import { makeKey, type TestKey } from '../../support/assertions.ts'
import { testEnv, type Variant, varyLedger } from '../../support/bindings.ts'
import { Browser, bodyOf, Deployment } from '../../support/deployment.ts'
import {
  authorizationPath,
  authorizeAt,
  LoginApp,
  logIn,
  parameter,
  REDIRECT_URI,
  redeem,
  registerClient,
  type TestClient,
} from '../../support/relying-party.ts'

const URI = 'https://app.example/request.jwt'

let deployment: Deployment
let key: TestKey

beforeEach(async () => {
  deployment = new Deployment()
  key = await makeKey('ES256')
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const register = (metadata: Readonly<Record<string, unknown>> = {}): Promise<TestClient> =>
  registerClient(deployment, { jwks: { keys: [key.publicJwk] }, request_uris: [URI], ...metadata })

const sign = (claims: Record<string, unknown>, header: Record<string, unknown> = {}): Promise<string> =>
  new SignJWT({ redirect_uri: REDIRECT_URI, scope: 'openid offline_access', ...claims })
    .setProtectedHeader({ alg: key.alg, kid: key.kid, ...header })
    .sign(key.privateKey)

const later = (seconds: number): void => {
  vi.setSystemTime(Date.now() + seconds * 1000)
}

describe('the document at a request_uri', () => {
  /** Sends an authorization request with the document now and after some seconds, and counts the fetches. */
  async function fetches(
    answer: (body: string) => Response | Promise<Response>,
    after: readonly number[],
  ): Promise<number> {
    const body = await sign({})
    const client = await register()
    const fetched = vi.spyOn(globalThis, 'fetch').mockImplementation(async () => answer(body))
    for (const seconds of [0, ...after]) {
      later(seconds)
      await new Browser(deployment).next(authorizationPath(client, { request_uri: URI }))
    }
    return fetched.mock.calls.length
  }

  const cached = (value: string) => (body: string) =>
    new Response(body, { headers: { 'cache-control': value } })

  it.each([
    ['is kept as long as max-age says', cached('max-age=60'), [1, 58], 1],
    ['and then fetched again', cached('max-age=60'), [60], 2],
    ['is kept for ten minutes at most', cached('max-age=31536000'), [599, 1], 2],
    ['is kept for a second if nothing is said', (body: string) => new Response(body), [0, 0.9, 0.1], 2],
    ['is not kept if that is forbidden', cached('no-store'), [0, 0], 3],
    [
      'that is not there is asked for once a second',
      () => new Response('', { status: 404 }),
      [0, 0.9, 0.1],
      2,
    ],
    ['whose server cannot be reached, too', () => Promise.reject(new Error('no route')), [0, 0.9, 0.1], 2],
  ])('%s', async (_name, answer, after, expected) => {
    expect(await fetches(answer, after)).toBe(expected)
  })

  it.each([
    [
      'is the very one that its address names: kept for ten minutes, whatever is said',
      true,
      '',
      [300, 299],
      1,
    ],
    ['and then fetched again', true, '', [600], 2],
    ['is the one that its address names, and is forbidden to be kept', true, 'no-store', [0], 2],
    ['is another one than its address names: kept as its server says', false, '', [1], 2],
  ])('%s', async (_name, isNamed, control, after, expected) => {
    const body = await sign({})
    const uri = `${URI}#${toBase64url(sha256(isNamed ? body : 'another'))}`
    const client = await register({ request_uris: [uri] })
    const headers = control === '' ? {} : { 'cache-control': control }
    const fetched = vi
      .spyOn(globalThis, 'fetch')
      .mockImplementation(async () => new Response(body, { headers }))
    for (const seconds of [0, ...after]) {
      later(seconds)
      const at = await new Browser(deployment).next(authorizationPath(client, { request_uri: uri }))
      expect(at.searchParams.has('login_challenge')).toBe(true)
    }
    expect(fetched).toHaveBeenCalledTimes(expected)
  })

  it('is judged each time it is used: one that has expired meanwhile is refused', async () => {
    const body = await sign({ exp: Math.floor(Date.now() / 1000) + 30 })
    const client = await register()
    vi.spyOn(globalThis, 'fetch').mockImplementation(async () => cached('max-age=60')(body))
    const ask = (): Promise<URL> =>
      new Browser(deployment).next(authorizationPath(client, { request_uri: URI }))
    expect((await ask()).searchParams.has('login_challenge')).toBe(true)
    later(31)
    expect(parameter(await ask(), 'error')).toBe('invalid_request_object')
  })
})

describe('a large request that a client signed', () => {
  /** What was stored, and a server that notes it. */
  function noting() {
    const stored: Record<string, unknown>[] = []
    const putBlob: Variant = async (input, real) => {
      stored.push(input as Record<string, unknown>)
      return real(input)
    }
    return { stored, noted: new Deployment(varyLedger(testEnv(), { putBlob })) }
  }

  const hint = 'x'.repeat(3000)

  it.each([false, true])(
    'is stored once, whoever repeats it with whatever beside it (hint: %s)',
    async (hinted) => {
      const client = await register()
      const { id_token } = hinted ? await logIn(deployment, client) : {}
      const { stored, noted } = noting()
      const request = await sign({ login_hint: hint, ...(hinted && { id_token_hint: id_token }) })
      for (const state of ['first-state', 'other-state', `long-${'y'.repeat(1500)}`]) {
        later(7)
        const body = new URLSearchParams(authorizationPath(client, { request, state }).split('?')[1])
        const at = await new Browser(noted).next('/oauth2/auth', { method: 'POST', body })
        const view = await bodyOf(await new LoginApp(noted).get('login', parameter(at, 'login_challenge')))
        expect(parameter(new URL(String(view['request_url'])), 'state')).toBe(state)
        expect(view['oidc_context']).toMatchObject({ login_hint: hint })
      }
      const [first, ...others] = stored
      expect(others).toEqual([first, first])
      expect(String(first?.['data'])).not.toContain('state')
    },
  )

  it('comes to its tokens, in few objects', async () => {
    const client = await register()
    const { stored, noted } = noting()
    const request = await sign({ login_hint: hint, nonce: 'nonce-of-the-object' })
    const callback = await authorizeAt(noted, client, { request: { request } })
    expect(parameter(callback, 'state')).not.toBe('')
    const tokens = await bodyOf(await redeem(noted, client, parameter(callback, 'code')))
    expect(tokens).toMatchObject({ scope: 'openid offline_access', id_token: expect.any(String) })
    expect(new Set(stored.map(({ id }) => id)).size).toBe(1)
  })

  it('is not known any more once what was stored is gone', async () => {
    const client = await register()
    const lost = new Deployment(varyLedger(testEnv(), { getBlob: async () => null }))
    const request = await sign({ login_hint: hint })
    const body = new URLSearchParams(authorizationPath(client, { request }).split('?')[1])
    const at = await new Browser(lost).next('/oauth2/auth', { method: 'POST', body })
    const view = await new LoginApp(lost).get('login', parameter(at, 'login_challenge'))
    expect(view.status).toBe(404)
  })
})
