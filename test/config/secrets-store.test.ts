import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { withStoredSettings } from '../../src/config/secrets-store.ts'
import { OAuthError } from '../../src/errors/oauth-error.ts'
import worker from '../../src/index.ts'
import { testEnv } from '../support/deployment.ts'
import { LogLines } from '../support/log-lines.ts'

const SECRET = 'a-system-secret-of-32-characters!!!!'

/** A binding of the Secrets Store that gives these values in turn, and how often it was asked. */
function stored(...values: readonly (string | Error)[]) {
  const left = [...values]
  return {
    get: vi.fn(async () => {
      const value = left.length > 1 ? left.shift() : left[0]
      if (typeof value !== 'string') throw value
      return value
    }),
  }
}

const problemsOf = (env: Readonly<Record<string, unknown>>): unknown => {
  try {
    loadConfig(env)
  } catch (thrown) {
    return thrown instanceof OAuthError ? thrown.facts['problems'] : thrown
  }
  return undefined
}

afterEach(() => {
  vi.useRealTimers()
})

describe('a setting in the Secrets Store', () => {
  it('is read once per isolate, and counts like any other', async () => {
    const secret = stored(SECRET)
    const env = testEnv({ SECRETS_SYSTEM: secret, TTL_ID_TOKEN: stored('5m') })
    const [whole, again] = await Promise.all([withStoredSettings(env), withStoredSettings(env)])
    expect(loadConfig(whole)).toMatchObject({ systemSecrets: [SECRET], ttl: { idToken: 300 } })
    expect([again, await withStoredSettings(env)]).toEqual([whole, whole])
    expect(secret.get).toHaveBeenCalledTimes(1)
  })

  it('that cannot be read is refused by name, and read again after a second', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const secret = stored(new Error('planted'), SECRET)
    const env = testEnv({ SECRETS_SYSTEM: secret })
    const refused = ['SECRETS_SYSTEM cannot be read from the Secrets Store.']
    expect(problemsOf(await withStoredSettings(env))).toEqual(refused)
    expect(problemsOf(await withStoredSettings(env))).toEqual(refused)
    expect(secret.get).toHaveBeenCalledTimes(1)
    vi.setSystemTime(Date.now() + 1000)
    expect(problemsOf(await withStoredSettings(env))).toBeUndefined()
  })

  it('so is one of the simulated store, which has no such secret', async () => {
    const env = testEnv({ SECRETS_SYSTEM: testEnv()['STORED_SECRET'] })
    const refused = ['SECRETS_SYSTEM cannot be read from the Secrets Store.']
    expect(problemsOf(await withStoredSettings(env))).toEqual(refused)
  })
})

describe('a Secrets Store that does not answer', () => {
  const request = new Request<unknown, IncomingRequestCfProperties>('https://login.example/health/alive')
  const ask = async (secret: unknown): Promise<Response> => {
    const context = createExecutionContext()
    const response = await worker.fetch(request, testEnv({ SECRETS_SYSTEM: secret }), context)
    await waitOnExecutionContext(context)
    return response
  }
  const lines = new LogLines()

  it('is given up before those who wait for another’s request give up', async () => {
    const env = testEnv({ SECRETS_SYSTEM: { get: () => new Promise(() => undefined) } })
    const whole = await Promise.all([withStoredSettings(env), withStoredSettings(env)])
    const refused = ['SECRETS_SYSTEM cannot be read from the Secrets Store.']
    expect(whole.map(problemsOf)).toEqual([refused, refused])
  })

  it('makes a 503 with a log line, whatever is thrown', async () => {
    const thrower = {
      get: () => {
        throw new TypeError('planted')
      },
    }
    const response = await ask(thrower)
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
    expect(await response.json()).toMatchObject({ error: 'temporarily_unavailable' })
    const [line] = lines.of('request')
    expect(line).toMatchObject({ status: 503, reason: 'load_slow', thrown: 'TypeError' })
    expect(line?.['request_id']).toBe(response.headers.get('x-request-id'))
  })
})

it('without one nothing is waited for, and no other binding is asked', () => {
  const env = testEnv({ OTHER: stored('x') })
  expect(withStoredSettings(env)).toBe(env)
})
