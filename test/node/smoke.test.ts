import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { askReady } from '../../src/dev/deploy-ready.ts'
import { SmokeServer } from '../../src/dev/smoke-server.ts'
import { type Answer, type Site, startSite } from '../support/site.ts'
import { ladon } from './ladon.ts'

const KEY = 'a-key-of-nobody'

let elsewhere: Site
let server: Site
let answers: Readonly<Record<string, Answer>>

const json = (value: unknown, status = 200): Answer => ({
  status,
  type: 'application/json',
  body: JSON.stringify(value),
})

beforeEach(async () => {
  elsewhere = await startSite('localhost', () => json({ keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'AA' }] }))
  server = await startSite(
    'localhost',
    ({ method, url }) => answers[`${method} ${url.pathname.replace(/smoke-.*/, '*')}`] ?? json({}, 404),
  )
  answers = {
    'GET /health/ready': json({ status: 'ok' }),
    'GET /.well-known/openid-configuration': json({
      issuer: server.origin,
      authorization_endpoint: `${server.origin}/oauth2/auth`,
      jwks_uri: `${elsewhere.origin}/keys`,
    }),
    'GET /admin/clients': json({ error: 'unauthorized' }, 401),
    'POST /admin/clients': json({ error: 'temporarily_unavailable' }, 503),
  }
})

afterEach(() => Promise.all([elsewhere.stop(), server.stop()]))

/** The headers that a site got and that only the server may see. */
const secretsAt = ({ visits }: Site): readonly string[] =>
  visits.flatMap(({ headers }) =>
    ['x-access', 'x-more', 'authorization', 'cookie'].filter((name) => headers[name] !== undefined),
  )

describe('npm run smoke at a server that sends it elsewhere', () => {
  it('keeps headers, key and cookies for the origin of the issuer', async () => {
    const env = { LADON_ADMIN_KEY: KEY, LADON_HEADERS: 'X-Access: one\n\nX-Secret: two: three\n' }
    const { code, output } = await ladon(['smoke', server.origin, '--header', 'X-More: four'], env)
    expect([code, output]).toEqual([1, expect.stringContaining('503')])
    expect(elsewhere.visits).toHaveLength(1)
    expect(secretsAt(elsewhere)).toEqual([])
    for (const { headers } of server.visits)
      expect(headers).toMatchObject({ 'x-access': 'one', 'x-secret': 'two: three', 'x-more': 'four' })
    const smoke = new SmokeServer(server.origin, KEY, { 'x-access': 'one' })
    await expect(smoke.visit(`${elsewhere.origin}/app`)).rejects.toThrow('status 200')
    await expect(smoke.admin(`${elsewhere.origin}/admin`)).resolves.toBeDefined()
    expect(secretsAt(elsewhere)).toEqual([])
  })

  it('shows no control of a terminal that an answer holds, and neither does a deployment', async () => {
    const hostile = 'no\u001b]0;owned\u0007 \u009b2J\u202e\nEverything works.'
    answers = { 'GET /health/ready': json({ error: 'x', error_description: hostile }, 503) }
    const { output } = await ladon(['smoke', server.origin], { LADON_ADMIN_KEY: KEY })
    const { text } = await askReady(server.origin, 0)
    for (const shown of [output, text]) {
      expect(shown).toContain('no]0;owned 2J Everything works.')
      expect(shown.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u)
    }
  })

  it('sends the key over plain http to this machine alone, which names below localhost are not for certain', async () => {
    for (const url of ['http://login.example', 'http://login.localhost'])
      expect(await ladon(['smoke', url], { LADON_ADMIN_KEY: KEY })).toMatchObject({
        code: 2,
        output: expect.stringContaining('only sent over https'),
      })
  })

  it('says that a header is none without showing it', async () => {
    const { code, output } = await ladon(['smoke', server.origin], {
      LADON_ADMIN_KEY: KEY,
      LADON_HEADERS: 'just-a-secret',
    })
    expect([code, output]).toEqual([2, expect.stringContaining("'Name: value'")])
    expect(output).not.toContain('just-a-secret')
  })
})

describe('npm run smoke at a server whose public URL is of another origin', () => {
  it('says so before it makes anything', async () => {
    const endpoints = {
      authorization_endpoint: `${elsewhere.origin}/oauth2/auth`,
      jwks_uri: `${elsewhere.origin}/keys`,
    }
    answers = {
      ...answers,
      'GET /.well-known/openid-configuration': json({ issuer: server.origin, ...endpoints }),
    }
    const { code, output } = await ladon(['smoke', server.origin], { LADON_ADMIN_KEY: KEY })
    expect(code).toBe(1)
    expect(output).toMatch(/FAILED {2}discovery and keys .*URLS_SELF_PUBLIC/)
    expect(output).toContain(elsewhere.origin)
    expect(elsewhere.visits).toHaveLength(0)
    expect(server.visits.map(({ method }) => method)).not.toContain('POST')
  })
})

describe('npm run smoke at a server that fails while it makes the client', () => {
  it.each([
    ['it is there', 204],
    ['it is not', 404],
  ])('removes what may be there: %s', async (_case, status) => {
    answers = { ...answers, 'DELETE /admin/clients/*': { status, body: '' } }
    const { code, output } = await ladon(['smoke', server.origin], { LADON_ADMIN_KEY: KEY })
    expect(code).toBe(1)
    expect(output).toMatch(/FAILED {2}a client is made .*503/)
    expect(output).toMatch(/ok {6}the client is deleted/)
    expect(server.visits.map(({ method }) => method)).toContain('DELETE')
  })
})
