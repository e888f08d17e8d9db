import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { logLine, requestFields } from '../../src/http/log.ts'
import { seconds } from '../../src/util/clock.ts'
import { emptyInstallation } from '../crypto/installation.ts'

let lines: string[]

beforeEach(() => {
  lines = []
  vi.spyOn(console, 'log').mockImplementation((line: string) => {
    lines.push(line)
  })
})

afterEach(() => {
  vi.restoreAllMocks()
})

const line = {
  request_id: '5b0c3a52-6c1e-4bd0-a5e4-6b8f3c1d2e4f',
  method: 'GET',
  route: '/oauth2/auth',
  status: 302,
  client_id: 'shop',
  duration_ms: 12,
}

it('a request is one JSON line', () => {
  logLine('request', requestFields(line))
  expect(lines.map((text) => JSON.parse(text))).toEqual([
    {
      kind: 'request',
      request_id: line.request_id,
      method: 'GET',
      route: '/oauth2/auth',
      status: 302,
      client_id: 'shop',
      duration_ms: 12,
    },
  ])
  expect(lines[0]).not.toContain('\n')
})

it('query strings do not get in', () => {
  logLine('request', requestFields({ ...line, route: '/oauth2/auth?code=abc\n&x#frag' }))
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ route: '/oauth2/auth' })
})

it('sealed and signed texts are struck out wherever they stand', async () => {
  const token = await (await emptyInstallation()).envelopes().seal('access_token', { a: 1 }, seconds(1))
  const jwt = `${'e'.repeat(30)}.${'p'.repeat(30)}.${'s'.repeat(30)}`
  logLine('token.issued', {
    note: `got ory_at_${token}!`,
    list: [token, 'fine'],
    jwt,
    count: 2,
    none: null,
    yes: true,
  })
  expect(lines[0]).not.toContain(token.slice(0, 20))
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    kind: 'token.issued',
    note: 'got [sealed]!',
    list: ['[sealed]', 'fine'],
    jwt: expect.stringMatching(/^\[sealed\]/),
    count: 2,
    none: null,
    yes: true,
  })
})

it('identifiers of ordinary shape stay, long texts are cut', () => {
  logLine('client.created', { client_id: 'https://client.example/id.json', text: 'x'.repeat(10_000) })
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ client_id: 'https://client.example/id.json' })
  expect(lines[0]?.length).toBeLessThan(700)
})

it('a long text is cut before it is searched, a long list too', () => {
  const envelope = `${'a'.repeat(30)}.${'b'.repeat(30)}`
  logLine('outbound.failed', { host: 'a'.repeat(20_000), texts: Array.from({ length: 500 }, () => envelope) })
  const { host, texts } = JSON.parse(lines[0] ?? '')
  expect(host).toBe('a'.repeat(512))
  expect(texts).toEqual(Array.from({ length: 100 }, () => '[sealed]'))
})
