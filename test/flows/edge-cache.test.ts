import { describe, expect, it } from 'vitest'
import { PUBLISH_SECONDS } from '../../src/keys/ring.ts'
import { MAX_AGE_MS } from '../../src/store/cache-kv.ts'
import { ADMIN_KEY, Deployment } from '../support/deployment.ts'
import { endpoints } from '../support/endpoints.ts'

const deployment = new Deployment()

/** How an answer may be cached: by its directives, those without a value being 0. */
const directivesOf = (response: Response): ReadonlyMap<string, number> =>
  new Map(
    (response.headers.get('cache-control') ?? '').split(',').map((directive) => {
      const [name = '', value = '0'] = directive.trim().split('=')
      return [name, Number(value)]
    }),
  )

const directives = async (path: string, headers: HeadersInit = {}): Promise<ReadonlyMap<string, number>> =>
  directivesOf(await deployment.fetch(path, { headers }))

/** What may be kept. */
const KEPT = [
  '/.well-known/jwks.json',
  '/.well-known/oauth-authorization-server',
  '/.well-known/openid-configuration',
  '/llms.txt',
  '/oauth2/fallbacks/style.css',
  '/oauth2/sessions/check',
  '/openapi.json',
]

describe('a cache in front of the Worker', () => {
  it('may keep these answers, and no other', async () => {
    const paths = new Set(endpoints.filter(({ methods }) => methods.includes('GET')).map(({ path }) => path))
    const kept: string[] = []
    for (const path of paths) {
      const placed = path.replaceAll(/:[a-z]+\??/g, 'x')
      for (const headers of [{}, { authorization: `Bearer ${ADMIN_KEY}` }]) {
        const found = await directives(placed, headers)
        if (found.has('public')) kept.push(path)
        else expect(found.has('no-store'), path).toBe(true)
      }
    }
    expect([...new Set(kept)].sort()).toEqual(KEPT)
    expect((await directives('/nowhere')).has('no-store')).toBe(true)
  })

  it('keeps no document for more than a minute, also while this server fails', async () => {
    for (const path of KEPT.filter((name) => !name.endsWith('.css'))) {
      const found = await directives(path)
      const fresh = found.get('max-age') ?? 0
      const stale = found.get('stale-while-revalidate') ?? 0
      // What says nothing of it is kept by Cloudflare as long as the Worker fails.
      const failing = found.get('stale-if-error') ?? Number.POSITIVE_INFINITY
      expect(fresh + Math.max(stale, failing), path).toBeLessThanOrEqual(60)
    }
  })

  it('has forgotten the JWKS before a new key signs, and so has the client behind it', async () => {
    const { 'max-age': fresh = 0, 'stale-while-revalidate': stale = 0 } = Object.fromEntries(
      await directives('/.well-known/jwks.json'),
    )
    expect(fresh).toBeGreaterThan(0)
    expect(fresh + stale).toBeLessThanOrEqual(60)
    // Its row is written up to half a minute after the time that it bears.
    expect(30 + MAX_AGE_MS / 1000 + 2 * (fresh + stale)).toBeLessThan(PUBLISH_SECONDS)
  })
})
