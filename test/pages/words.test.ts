import { afterEach, describe, expect, it, vi } from 'vitest'
import { LANGUAGES, textsOf } from '../../src/languages/languages.ts'
import { Browser, Deployment, ISSUER, testEnv } from '../support/deployment.ts'
import { withOutage } from '../support/outage.ts'
import { authorizationPath, parameter, registerClient } from '../support/relying-party.ts'

const WORDS = 'Your account was locked. Call five-five-five'
const ERROR_PAGE = '/oauth2/fallbacks/error'
const UNKNOWN = 'What went wrong is not known any more.'

const deployment = new Deployment()

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

/** The page that a request ends at, and the id of the request. */
async function failed(path: string, at = deployment): Promise<{ page: URL; requestId: string }> {
  const response = await at.fetch(path)
  const page = new URL(response.headers.get('location') ?? '', ISSUER)
  return { page, requestId: response.headers.get('x-request-id') ?? '' }
}

const shown = async (url: string, at = deployment): Promise<string> => (await at.fetch(url)).text()

describe('the error page', () => {
  it('shows what went wrong, and the request that the log knows it by', async () => {
    const lines: string[] = []
    vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line))
    const { page, requestId } = await failed('/oauth2/auth?client_id=nobody')
    expect(page.href.length).toBeLessThan(2000)
    const response = await deployment.fetch(page.href)
    expect(response.status).toBe(500)
    const text = await response.text()
    expect(text).toContain('<code lang="en" dir="ltr">invalid_client</code>')
    expect(text).toContain('No client has this client_id.')
    expect(text).toContain(`Request <code dir="ltr">${requestId}</code>`)
    expect(lines.filter((line) => line.includes(requestId) && line.includes('/oauth2/auth'))).toHaveLength(1)
  })

  it('is what a refused logout ends at, too', async () => {
    const { page, requestId } = await failed('/oauth2/sessions/logout?id_token_hint=none')
    expect(await shown(page.href)).toContain(requestId)
  })

  it.each([
    [
      'in the words of a link',
      `error=${WORDS}&error_description=${WORDS}&error_hint=${WORDS}&error_debug=${WORDS}`,
    ],
    ['in place of a notice', `notice=${WORDS}`],
    ['in something like a notice', `notice=${'A'.repeat(42)}.${'A'.repeat(60)}`],
    ['in a notice longer than any', `notice=${'A'.repeat(9000)}.${'A'.repeat(9000)}`],
  ])('shows nothing that stands %s', async (_where, query) => {
    const response = await deployment.fetch(`${ERROR_PAGE}?${query}`)
    expect(response.status).toBe(500)
    const text = await response.text()
    expect(text).toContain(UNKNOWN)
    expect(text).not.toMatch(/five-five|AAAA/)
  })

  it('does not take another sealed text for a notice, nor other words beside one', async () => {
    const client = await registerClient(deployment)
    const atLogin = await new Browser(deployment).next(authorizationPath(client))
    const challenge = parameter(atLogin, 'login_challenge')
    expect(await shown(`${ERROR_PAGE}?notice=${challenge}`)).toContain(UNKNOWN)
    const { page } = await failed('/oauth2/auth?client_id=nobody')
    page.searchParams.set('error_description', WORDS)
    expect(await shown(page.href)).not.toContain('five-five')
  })

  it('forgets after an hour', async () => {
    const { page } = await failed('/oauth2/auth?client_id=nobody')
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_601_000 })
    expect(await shown(page.href)).toContain(UNKNOWN)
  })

  it.each([
    ['a parameter of any name', `/oauth2/auth?${WORDS}=1&client_id=a&client_id=${WORDS}`],
    ['a client of any name', `/oauth2/auth?client_id=${WORDS}`],
    ['any response mode', `/oauth2/auth?client_id=CLIENT&response_mode=${WORDS}`],
    ['any redirect URI', `/oauth2/auth?client_id=CLIENT&redirect_uri=${WORDS}`],
    ['any request object', `/oauth2/auth?client_id=CLIENT&request=${WORDS}`],
    ['any address of one', `/oauth2/auth?client_id=CLIENT&request_uri=${WORDS}`],
    ['any verifier', `/oauth2/auth?login_verifier=${WORDS}`],
    ['any logout verifier', `/oauth2/sessions/logout?logout_verifier=${WORDS}`],
    ['any hint', `/oauth2/sessions/logout?id_token_hint=${WORDS}`],
    [
      'any address after a logout',
      `/oauth2/sessions/logout?client_id=CLIENT&post_logout_redirect_uri=${WORDS}`,
    ],
    ['a logout parameter of any name', `/oauth2/sessions/logout?${WORDS}=1&state=a&state=${WORDS}`],
  ])('is not made to repeat words: %s', async (_what, path) => {
    const { id } = await registerClient(deployment)
    const { page } = await failed(path.replace('CLIENT', id))
    expect(page.pathname).toBe(ERROR_PAGE)
    expect(page.href).not.toContain('five-five')
    expect(await shown(page.href)).not.toContain('five-five')
  })

  it('is there where no key can be had, and says that much less', async () => {
    const outage = withOutage(testEnv())
    outage.down = true
    const { page } = await failed('/oauth2/auth?client_id=nobody', new Deployment(outage.env))
    expect([page.pathname, parameter(page, 'error')]).toEqual([ERROR_PAGE, 'temporarily_unavailable'])
    const { page: told } = await failed('/oauth2/auth?client_id=nobody')
    for (const { href } of [page, told])
      expect(await shown(href, new Deployment(outage.env))).toContain(UNKNOWN)
  })

  it('of an operator gets the facts as Hydra names them, and nothing sealed', async () => {
    const own = new Deployment(testEnv({ URLS_ERROR: 'https://login.example/oops' }))
    const { page, requestId } = await failed('/oauth2/auth?client_id=nobody', own)
    expect(page.origin + page.pathname).toBe('https://login.example/oops')
    expect([...page.searchParams.keys()]).toEqual(['error', 'error_description', 'request_id'])
    expect(parameter(page, 'request_id')).toBe(requestId)
  })
})

describe('the details for developers', () => {
  const helpIn = (page: string): string | undefined =>
    /<a href="([^"]*#[^"]*)" hreflang="en">/.exec(page)?.[1]

  it.each(LANGUAGES)('lead to how to fix it, in %s', async (language) => {
    const { page } = await failed(`/oauth2/auth?client_id=nobody&ui_locales=${language}`)
    expect(await shown(page.href)).toContain(
      `<a href="/docs/errors#client_unregistered" hreflang="en">${textsOf(language).howToFix}</a>`,
    )
  })

  it('lead where the answer itself does', async () => {
    const headers = { 'sec-fetch-site': 'cross-site' }
    for (const [path, init, anchor] of [
      ['/ui/login', { method: 'POST', headers }, 'request_forbidden'],
      ['/ui/login', {}, 'page_alone'],
      ['/ui/consent?consent_challenge=forged', {}, 'challenge_unknown'],
    ] as const) {
      const response = await deployment.fetch(path, init)
      expect(response.headers.get('link')).toBe(`<${ISSUER}/docs/errors#${anchor}>; rel="help"`)
      expect(helpIn(await response.text())).toBe(`/docs/errors#${anchor}`)
    }
  })

  it('lead to the documents below the path of the issuer', async () => {
    const below = new Deployment(testEnv({ URLS_SELF_ISSUER: 'https://op.example/login' }))
    const { page } = await failed('https://op.example/login/oauth2/auth?client_id=nobody', below)
    expect(helpIn(await shown(page.href, below))).toBe('/login/docs/errors#client_unregistered')
  })

  it.each([{ DOCS: 'off' }, { ASSETS: undefined }])('lead nowhere with %j', async (settings) => {
    const without = new Deployment(testEnv(settings))
    const { page } = await failed('/oauth2/auth?client_id=nobody', without)
    const text = await shown(page.href, without)
    expect([text.includes('client_unregistered'), helpIn(text)]).toEqual([true, undefined])
  })
})

describe('other pages', () => {
  const QUERY = `error=${WORDS}&error_description=${WORDS}&error_hint=${WORDS}&message=${WORDS}&client_id=${WORDS}`

  it.each([
    '/',
    '/oauth2/fallbacks/login',
    '/oauth2/fallbacks/consent',
    '/oauth2/fallbacks/logout',
    '/oauth2/fallbacks/logout/callback',
    '/oauth2/fallbacks/device',
    '/oauth2/fallbacks/device/done',
    '/ui/login',
    '/ui/consent',
    '/ui/logout',
    '/ui/device',
    '/ui/device/done',
    '/demo/callback',
    '/nowhere',
    '/oauth2/device/verify',
  ])('%s shows nothing of its address', async (path) => {
    const challenges = ['login', 'consent', 'logout', 'device'].map((step) => `${step}_challenge=${WORDS}`)
    const query = `${QUERY}&${challenges.join('&')}&device_verifier=${WORDS}`
    const response = await deployment.fetch(`${path}?${query}`, { headers: { accept: 'text/html' } })
    expect(await response.text()).not.toContain('five-five')
  })

  it.each([
    [WORDS, ''],
    ['CALL5550100', ''],
    ['BCDF-GHJK', 'BCDF-GHJK'],
    ['BCDFGHJK', 'BCDF-GHJK'],
    ['bcdfghjk', 'BCDF-GHJK'],
    ['B C D F G H J K', 'BCDF-GHJK'],
    ['B                      CDFGHJK', ''],
  ])('the device page has a code of its address only if it can be one: %j', async (code, expected) => {
    const at = await new Browser(deployment).next(
      `/oauth2/device/verify?${new URLSearchParams({ user_code: code })}`,
    )
    expect(await shown(at.href)).toContain(`name="user_code" value="${expected}"`)
  })

  it.each([
    [WORDS, ''],
    ['alice@example.com', 'alice@example.com'],
    ['x'.repeat(101), ''],
  ])('the login page has a hint only if it is a name: %j', async (hint, expected) => {
    const client = await registerClient(deployment)
    const at = await new Browser(deployment).next(authorizationPath(client, { login_hint: hint }))
    expect(await shown(at.href)).toContain(`name="username" value="${expected}"`)
  })
})
