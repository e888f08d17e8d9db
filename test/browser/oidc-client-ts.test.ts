import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type RunningServer, startServer } from '../support/server.ts'
import { type Answer, type Site, startSite, type Visit } from '../support/site.ts'
import { Application, consent, logIn, press } from './application.ts'
import { launch, openPage } from './browser.ts'

const UMD = createRequire(import.meta.url).resolve('oidc-client-ts')
const LIBRARY = readFileSync(new URL('../browser/oidc-client-ts.min.js', `file://${UMD}`), 'utf8')

const DISCOVERY = '/.well-known/openid-configuration'

let server: RunningServer
let browser: Browser
let site: Site
let far: Site
let page: Page
let application: Application
let scope: string

/** Every page of the application has the library and its manager at hand; in a frame it hands its answer to its parent. */
function answer({ url: { origin, pathname } }: Visit): Answer {
  if (pathname === '/oidc.js') return { type: 'text/javascript', body: LIBRARY }
  const settings = JSON.stringify({
    authority: server.base,
    client_id: application.id,
    redirect_uri: `${origin}/cb`,
    silent_redirect_uri: `${origin}/silent`,
    post_logout_redirect_uri: `${origin}/bye`,
    // An origin that only its client is allowed to use says which client it is.
    ...(origin === far.origin && { metadataUrl: `${server.base}${DISCOVERY}?client_id=${application.id}` }),
    scope,
    loadUserInfo: true,
    automaticSilentRenew: false,
    monitorSession: true,
    checkSessionIntervalInSeconds: 1,
    validateSubOnSilentRenew: true,
    includeIdTokenInSilentRenew: true,
  })
  return {
    body: `<!doctype html><html lang="en"><title>Application</title><script src="/oidc.js"></script>
<script>const manager = new oidc.UserManager(${settings})
if (location.pathname === '/silent') manager.signinSilentCallback()</script>`,
  }
}

beforeAll(async () => {
  browser = await launch()
  site = await startSite('localhost', answer)
  far = await startSite('127.0.0.1', answer)
  server = await startServer({
    vars: { SERVE_PUBLIC_CORS_ENABLED: 'true', SERVE_PUBLIC_CORS_ALLOWED_ORIGINS: site.origin },
  })
})

beforeEach(async () => {
  application = await register(site)
  page = await openPage(browser)
})

const register = ({ origin }: Site, metadata = {}): Promise<Application> =>
  Application.register(server, origin, {
    redirect_uris: [`${origin}/cb`, `${origin}/silent`],
    ...metadata,
  })

afterEach(() => page.context().close())

afterAll(async () => {
  await browser?.close()
  await Promise.all([server, site, far].map((running) => running?.stop()))
})

/** What the library calls a user, as far as these tests look. */
interface User {
  readonly id_token: string
  readonly access_token: string
  readonly refresh_token?: string
  readonly profile: Readonly<Record<string, unknown>>
}

const ask = (expression: string): Promise<User> => page.evaluate(expression)

/** Logs in by redirects, as the library does it. */
async function signIn(scopes: string, { origin } = site): Promise<User> {
  scope = scopes
  await page.goto(origin)
  await page.evaluate('void manager.signinRedirect({ state: { from: "here" } })')
  await logIn(page)
  await consent(page)
  await page.waitForURL(`${origin}/cb?**`)
  return ask('manager.signinCallback()')
}

describe('oidc-client-ts in a browser, on another origin than the server', () => {
  it('logs in with PKCE, reads userinfo, and keeps its user', async () => {
    const user = await signIn('openid profile email')
    expect(user).toMatchObject({ state: { from: 'here' }, scope: 'openid profile email' })
    expect(user.profile).toMatchObject({ sub: 'demo', name: 'Demo User', email: 'demo@example.com' })
    await page.goto(site.origin)
    expect((await ask('manager.getUser()')).access_token).toBe(user.access_token)
  })

  it('logs in from an origin that only its client may use', async () => {
    application = await register(far, { allowed_cors_origins: [far.origin] })
    const user = await signIn('openid profile', far)
    expect(user.profile).toMatchObject({ sub: 'demo', name: 'Demo User' })
  })

  it('renews by a frame with prompt=none', async () => {
    const before = await signIn('openid profile')
    const after = await ask('manager.signinSilent()')
    expect(site.visits.map(({ url }) => url.pathname)).toContain('/silent')
    expect(after.access_token).not.toBe(before.access_token)
    expect(after.id_token).not.toBe(before.id_token)
    expect(after.profile['sub']).toBe('demo')
  })

  it('renews by its refresh token', async () => {
    const before = await signIn('openid profile offline_access')
    const visits = site.visits.length
    const after = await ask('manager.signinSilent()')
    expect(site.visits).toHaveLength(visits)
    expect(after.access_token).not.toBe(before.access_token)
    expect(after.refresh_token).not.toBe(before.refresh_token)
    expect(after.profile).toMatchObject({ sub: 'demo', name: 'Demo User' })
  })

  it('revokes its tokens', async () => {
    const { refresh_token = '' } = await signIn('openid offline_access')
    await page.evaluate('manager.revokeTokens()')
    const body = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token,
      client_id: application.id,
    })
    const response = await fetch(`${server.base}/oauth2/token`, { method: 'POST', body })
    expect(response.status).toBe(400)
  })

  it('sees by its session monitor that the user logged out in another tab', async () => {
    const { id_token } = await signIn('openid')
    await page.evaluate(
      `void (window.signedOut = new Promise((resolve) => manager.events.addUserSignedOut(resolve)))`,
    )
    const other = await page.context().newPage()
    await other.goto(application.logoutUrl(id_token))
    await press(other, 'Log out')
    await other.waitForURL(`${site.origin}/bye?**`)
    await page.evaluate('window.signedOut')
    expect(await page.evaluate('manager.signinSilent().catch(({ error }) => error)')).toBe('login_required')
  })

  it('logs out by redirects, after which the frame finds nobody', async () => {
    await signIn('openid')
    await page.evaluate('void manager.signoutRedirect({ state: { to: "there" } })')
    await press(page, 'Log out')
    await page.waitForURL(`${site.origin}/bye?**`)
    expect(await page.evaluate('manager.signoutCallback()')).toMatchObject({ userState: { to: 'there' } })
    expect(await page.evaluate('manager.getUser()')).toBeNull()
    expect(await page.evaluate('manager.signinSilent().catch(({ error }) => error)')).toBe('login_required')
  })
})
