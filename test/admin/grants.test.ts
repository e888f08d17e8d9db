import { beforeAll, describe, expect, it } from 'vitest'
import { bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import { LogLines } from '../support/log-lines.ts'
import { withOutage } from '../support/outage.ts'
import { logIn, registerClient, revoke, type TestClient } from '../support/relying-party.ts'

const deployment = new Deployment()
const lines = new LogLines()
let shop: TestClient

interface Shown {
  readonly subject: string
  readonly client_id: string
}

beforeAll(async () => {
  shop = await registerClient(deployment, { client_id: 'shop' })
  const forum = await registerClient(deployment, { client_id: 'forum' })
  for (const subject of ['anna', 'bea', 'c&lara']) await logIn(deployment, shop, { login: { subject } })
  await logIn(deployment, forum, { login: { subject: 'bea' }, consent: { remember: true } })
})

/** Every row of a list, by its links, and how many pages it had. */
async function walk(query: string): Promise<{ readonly found: readonly string[]; readonly pages: number }> {
  const found: string[] = []
  let pages = 0
  for (let next: string | undefined = `/admin/grants${query}`; next !== undefined; pages += 1) {
    const response = await deployment.admin('GET', next)
    expect(response.status).toBe(200)
    next = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1]
    found.push(...(await response.json<Shown[]>()).map((row) => `${row.subject} ${row.client_id}`))
  }
  return { found, pages }
}

describe('GET /admin/grants', () => {
  it.each([
    ['?client_id=shop', ['anna shop', 'bea shop', 'c&lara shop']],
    ['?subject=bea', ['bea forum', 'bea shop']],
    ['?client_id=forum&subject=bea', ['bea forum']],
    ['?client_id=forum&subject=anna', []],
    ['?subject=c%26lara', ['c&lara shop']],
    ['?client_id=nobody', []],
    ['', ['anna shop', 'bea forum', 'bea shop', 'c&lara shop']],
  ])('%s, in pages of one or all at once', async (query, expected) => {
    expect(await walk(query)).toEqual({ found: expected, pages: 1 })
    const size = `${query}${query === '' ? '?' : '&'}page_size=1`
    expect(await walk(size)).toEqual({ found: expected, pages: Math.max(1, expected.length) })
  })

  it('shows what was granted, when, and until when at most', async () => {
    const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    const times = { granted_at: instant, last_granted_at: instant }
    const shown = { subject: 'bea', grant_scope: ['openid', 'offline_access'], ...times }
    const response = await deployment.admin('GET', '/admin/grants?subject=bea')
    expect(await response.json()).toEqual([
      { ...shown, client_id: 'forum' },
      { ...shown, client_id: 'shop', expires_at: instant },
    ])
  })

  it('shows when it ended before its time', async () => {
    const { access_token } = await logIn(deployment, shop, { login: { subject: 'dora' } })
    await revoke(deployment, shop, access_token)
    const response = await deployment.admin('GET', '/admin/grants?subject=dora')
    expect(await response.json()).toMatchObject([
      { ended_at: expect.any(String), expires_at: expect.any(String) },
    ])
  })

  it.each([
    ['?limit=10', 'limit'],
    ['?offset=1', 'offset'],
    ['?page_token=forged', 'page_token'],
    ['?page_size=many', 'page_size'],
    ['?subject=', 'subject'],
    ['?client_id=shop&subject=', 'subject'],
    ['?client_id=', 'client_id'],
  ])('%s is refused by name', async (query, name) => {
    const response = await deployment.admin('GET', `/admin/grants${query}`)
    expect([response.status, (await bodyOf(response))['error_description']]).toEqual([
      400,
      expect.stringContaining(name),
    ])
  })

  it('is not there where no book is kept, and the refusal says why', async () => {
    const off = new Deployment(testEnv({ GRANTS_BOOK: 'off' }))
    const response = await off.admin('GET', '/admin/grants')
    expect([response.status, lines.last('request')?.['reason']]).toEqual([404, 'book_off'])
    expect((await bodyOf(response))['error_description']).toContain('GRANTS_BOOK')
  })

  it('is a 503 while the book cannot be read', async () => {
    const outage = withOutage(testEnv())
    const away = new Deployment(outage.env)
    await away.introspect('x')
    outage.down = true
    expect((await away.admin('GET', '/admin/grants?client_id=shop')).status).toBe(503)
  })
})
