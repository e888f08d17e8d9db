import { describe, expect, it, vi } from 'vitest'
import { dropAnswers, varyLedger } from '../support/bindings.ts'
import { bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import { authorizeAt, logIn, parameter, redeem, refresh, registerClient } from '../support/relying-party.ts'

const STRICT = { OAUTH2_GRANT_REFRESH_TOKEN_ROTATION_GRACE_PERIOD: '0s' }

/** Ladon whose ledger commits and then loses its answer; retryable losses are made good within the request. */
const losing = (method: string, retryable: boolean): Deployment =>
  new Deployment(dropAnswers(testEnv(STRICT), { method, times: 1, retryable }))

describe('a ledger that committed and whose answer was lost', () => {
  const plain = new Deployment(testEnv(STRICT))

  it.each([
    ['redeem', true],
    ['redeem', false],
  ])('%s, retryable %s: the code still gives tokens and nothing is revoked', async (method, retryable) => {
    const client = await registerClient(plain)
    const code = parameter(await authorizeAt(plain, client), 'code')
    const deployment = losing(method, retryable)
    const first = await redeem(deployment, client, code)
    expect(first.status).toBe(retryable ? 200 : 503)
    if (!retryable) {
      expect(first.headers.get('retry-after')).toBe('1')
      expect(await bodyOf(first)).toMatchObject({ error: 'temporarily_unavailable' })
    }
    const answer = retryable ? first : await redeem(deployment, client, code)
    expect(answer.status).toBe(200)
    const tokens = await bodyOf(answer)
    expect(await plain.introspect(String(tokens['access_token']))).toMatchObject({ active: true })
    expect((await refresh(plain, client, String(tokens['refresh_token']))).status).toBe(200)
  })

  it.each([true, false])(
    'refresh, retryable %s: the same token refreshes again, even without grace',
    async (retryable) => {
      const client = await registerClient(plain)
      const { refresh_token } = await logIn(plain, client)
      const deployment = losing('refresh', retryable)
      const first = await refresh(deployment, client, refresh_token)
      expect(first.status).toBe(retryable ? 200 : 503)
      const answer = retryable ? first : await refresh(deployment, client, refresh_token)
      expect(answer.status).toBe(200)
      const tokens = await bodyOf(answer)
      expect(await plain.introspect(String(tokens['access_token']))).toMatchObject({ active: true })
    },
  )

  it.each([true, false])('inspect, retryable %s: never says inactive', async (retryable) => {
    const client = await registerClient(plain)
    const { access_token } = await logIn(plain, client)
    const deployment = new Deployment(dropAnswers(testEnv(), { method: 'inspect', times: 3, retryable }))
    const answer = await deployment.introspect(access_token)
    expect(answer).toMatchObject({ error: 'temporarily_unavailable' })
  })

  it.each(['login', 'grant'])('%s: the browser repeats the redirect and goes on', async (method) => {
    const client = await registerClient(plain)
    const callback = await authorizeAt(losing(method, true), client)
    const tokens = await redeem(plain, client, parameter(callback, 'code'))
    expect(tokens.status).toBe(200)
  })

  it.each(['redeem', 'refresh'] as const)(
    '%s, and nothing comes back: the next try gets the tokens',
    async (method) => {
      const client = await registerClient(plain)
      const code = parameter(await authorizeAt(plain, client), 'code')
      const before = method === 'refresh' ? await bodyOf(await redeem(plain, client, code)) : {}
      let lost = 0
      const env = varyLedger(testEnv({ ...STRICT, DEADLINE_LEDGER: '300ms' }), {
        [method]: async (input, real) => {
          const answer = await real(input)
          lost += 1
          return lost === 1 ? new Promise(() => undefined) : answer
        },
      })
      const deployment = new Deployment(env)
      const attempt = (): Promise<Response> =>
        method === 'redeem'
          ? redeem(deployment, client, code)
          : refresh(deployment, client, String(before['refresh_token']))
      const first = await attempt()
      expect([first.status, (await bodyOf(first))['error']]).toEqual([503, 'temporarily_unavailable'])
      const tokens = await vi.waitFor(async () => {
        const next = await attempt()
        expect(next.status).toBe(200)
        return bodyOf(next)
      }, 10_000)
      expect(await plain.introspect(String(tokens['access_token']))).toMatchObject({ active: true })
    },
  )
})
