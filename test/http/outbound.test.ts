import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { publicAddress } from '../../src/config/addresses.ts'
import { loadConfig } from '../../src/config/load.ts'
import { outbound } from '../../src/http/outbound.ts'
import { OUTBOUND_KINDS } from '../../src/http/outbound-kinds.ts'

const SECRETS_SYSTEM = 'a-system-secret-of-at-least-32-chars'
const edge = loadConfig({
  URLS_SELF_ISSUER: 'https://op.example',
  URLS_SELF_PUBLIC: 'https://login.example',
  PUBLIC_HOSTS: 'alias.example',
  SECRETS_SYSTEM,
})
const local = loadConfig({
  URLS_SELF_ISSUER: 'http://localhost:4444',
  OUTBOUND_ALLOW_PRIVATE: 'true',
  SECRETS_SYSTEM,
})

/** Kinds of this test's own: whatever one says is applied, though nobody who asks names a limit. */
const ask = outbound({
  plain: { addresses: publicAddress, maxBytes: 10, timeoutMs: 1000, tries: 1 },
  hasty: { addresses: publicAddress, maxBytes: 10, timeoutMs: 20, tries: 5 },
  stubborn: { addresses: publicAddress, maxBytes: 10, timeoutMs: 1000, tries: 3 },
  nowhere: { addresses: () => false, maxBytes: 10, timeoutMs: 1000, tries: 1 },
})

const URL_OF_OTHER = 'https://a.example/'

type Fetch = typeof globalThis.fetch

/** A bound service, but for its `fetch`. */
const DEAD = {
  connect: () => {
    throw new Error('no sockets')
  },
}

/** The other server. */
const answering = (answer: Fetch) => vi.spyOn(globalThis, 'fetch').mockImplementation(answer)

let lines: string[]

beforeEach(() => {
  lines = []
  vi.spyOn(console, 'log').mockImplementation((line: unknown) => {
    lines.push(String(line))
  })
})

afterEach(() => {
  vi.restoreAllMocks()
})

describe('addresses', () => {
  it.each([
    'https://client.example/keys',
    'https://client.example:443/keys?a=b',
    'https://internal.example/',
    'https://localhost.example/',
    'https://xn--bcher-kva.example/',
  ])('asks %s, without following redirects', async (url) => {
    const fetched = answering(async () => new Response('ok'))
    const { answer } = await ask(edge, 'plain', url, { headers: { a: 'b' } })
    expect([answer?.status, new TextDecoder().decode(answer?.body)]).toEqual([200, 'ok'])
    expect(fetched).toHaveBeenCalledExactlyOnceWith(
      new URL(url).href,
      expect.objectContaining({ redirect: 'manual', headers: { a: 'b' } }),
    )
  })

  it.each([
    'http://client.example/',
    'https://client.example:8443/',
    'https://user:pass@client.example/',
    'ftp://client.example/',
    'data:text/plain,x',
    'no address',
    '',
    'https://127.0.0.1/',
    'https://10.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://[::1]/',
    'https://[2001:db8::1]/',
    'https://localhost/',
    'https://LOCALHOST./',
    'https://localhost../',
    'https://127.0.0.1../',
    'https://./',
    'https://op.example../',
    'https://a.localhost/',
    'https://metadata/',
    'https://metadata.google.internal/',
    'https://metadata.google.internal./',
    'https://printer.local/',
    'https://box.home.arpa/',
    'https://op.example/oauth2/token',
    'https://OP.example./',
    'https://login.example/',
    'https://alias.example/',
  ])('never asks %s', async (url) => {
    const fetched = answering(async () => new Response('ok'))
    expect(await ask(edge, 'plain', url)).toEqual({ problem: 'address' })
    expect(fetched).not.toHaveBeenCalled()
  })

  it.each(['http://localhost:5000/', 'http://127.0.0.1/', 'https://box.internal/', 'http://localhost:4444/'])(
    'asks %s where the rule is lifted for development',
    async (url) => {
      answering(async () => new Response('ok'))
      expect((await ask(local, 'plain', url)).answer?.status).toBe(200)
    },
  )

  it('asks any host over a binding, which leads to one service, within the same bounds', async () => {
    const fetched = answering(async () => new Response('network'))
    const bound: Fetcher = { ...DEAD, fetch: async () => new Response('a body of more than ten bytes') }
    expect(await ask(edge, 'plain', 'http://10.0.0.1:4434/', {}, bound)).toEqual({ problem: 'too_large' })
    const late: Fetcher = { ...DEAD, fetch: () => new Promise(() => undefined) }
    expect(await ask(edge, 'hasty', 'http://kratos/', {}, late)).toEqual({ problem: 'late' })
    expect(fetched).not.toHaveBeenCalled()
  })

  it('lifts the rule for loopback issuers only', () => {
    const env = { URLS_SELF_ISSUER: 'https://op.example', OUTBOUND_ALLOW_PRIVATE: 'true', SECRETS_SYSTEM }
    expect(() => loadConfig(env)).toThrow('misconfiguration')
  })
})

/** A body that comes in pieces, and says how many were taken. */
function pieces(count: number, size: number): { readonly body: ReadableStream; taken: number } {
  const source = { taken: 0 }
  const body = new ReadableStream({
    pull(controller) {
      if (source.taken === count) return controller.close()
      source.taken += 1
      controller.enqueue(new Uint8Array(size))
    },
  })
  return Object.assign(source, { body })
}

describe('answers', () => {
  it.each([200, 204, 400, 500])('gives status %s and the body back', async (status) => {
    answering(async () => new Response(status === 204 ? null : 'body', { status }))
    const { answer } = await ask(edge, 'plain', URL_OF_OTHER)
    expect([answer?.status, answer?.body.byteLength]).toEqual([status, status === 204 ? 0 : 4])
  })

  it.each([301, 302, 303, 307, 308])('takes a redirect, %s, for a failure', async (status) => {
    const headers = { location: 'https://op.example/' }
    answering(async () => new Response(null, { status, headers }))
    expect(await ask(edge, 'plain', URL_OF_OTHER)).toEqual({ problem: 'redirect' })
  })

  it('takes what just fits', async () => {
    answering(async () => new Response(pieces(5, 2).body))
    expect((await ask(edge, 'plain', URL_OF_OTHER)).answer?.body.byteLength).toBe(10)
  })

  it('stops reading at the cap, whatever the answer said about its length', async () => {
    const source = pieces(1000, 3)
    answering(async () => new Response(source.body))
    expect(await ask(edge, 'plain', URL_OF_OTHER)).toEqual({ problem: 'too_large' })
    expect(source.taken).toBeLessThan(20)
  })

  it.each<readonly [string, Fetch]>([
    ['an answer that never comes', () => new Promise(() => undefined)],
    ['a body that never ends', async () => new Response(new ReadableStream())],
  ])('gives up on %s', async (_name, fetch) => {
    const fetched = answering(fetch)
    expect(await ask(edge, 'hasty', URL_OF_OTHER)).toEqual({ problem: 'late' })
    expect(fetched).toHaveBeenCalledOnce()
    expect(fetched.mock.calls[0]?.[1]?.signal?.aborted).toBe(true)
  })

  it('tells nothing of what the network said', async () => {
    answering(() => Promise.reject(new TypeError('secret detail')))
    expect(await ask(edge, 'plain', URL_OF_OTHER)).toEqual({ problem: 'unreachable' })
    expect(lines.join()).not.toContain('secret')
  })
})

describe('a kind', () => {
  it('is asked at its own addresses only', async () => {
    const fetched = answering(async () => new Response('ok'))
    expect(await ask(edge, 'nowhere', URL_OF_OTHER)).toEqual({ problem: 'address' })
    expect(fetched).not.toHaveBeenCalled()
  })

  it.each<readonly [string, Fetch, number]>([
    ['no answer', () => Promise.reject(new TypeError('refused')), 3],
    ['status 503', async () => new Response(null, { status: 503 }), 3],
    ['status 200', async () => new Response(null), 1],
    ['status 404', async () => new Response(null, { status: 404 }), 1],
    ['an answer that is too large', async () => new Response('x'.repeat(11)), 1],
    ['a redirect', async () => new Response(null, { status: 302 }), 1],
  ])('is tried as often as it says while there is %s', async (_name, answer, times) => {
    const fetched = answering(answer)
    await ask(edge, 'stubborn', URL_OF_OTHER)
    expect(fetched).toHaveBeenCalledTimes(times)
  })

  it.each(Object.entries(OUTBOUND_KINDS))('%s is bounded in size, time and tries', (_kind, policy) => {
    expect(policy.maxBytes).toBeLessThanOrEqual(1024 * 1024)
    expect(policy.timeoutMs).toBeLessThanOrEqual(10_000)
    expect(policy.tries).toBeLessThanOrEqual(2)
    expect(policy.addresses(edge, new URL('https://10.0.0.1/'))).toBe(false)
  })

  it('names host, kind and reason in the log where it fails', async () => {
    answering(() => Promise.reject(new TypeError('refused')))
    await ask(edge, 'plain', URL_OF_OTHER)
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { kind: 'outbound.failed', host: 'a.example', purpose: 'plain', reason: 'it cannot be reached' },
    ])
  })
})
