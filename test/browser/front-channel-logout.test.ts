import { decodeJwt } from 'jose'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type RunningServer, startServer } from '../support/server.ts'
import { type Site, startSite } from '../support/site.ts'
import { Application, consent, logIn, press, STATE } from './application.ts'
import { inspect, launch, openPage } from './browser.ts'

/** Keeps a page from going on while frames are loading, and axe from waiting for them. */
const STAYING = `const later = setTimeout
window.setTimeout = (run, ...rest) => run.name === 'go' || later(run, ...rest)
Object.defineProperty(document, 'readyState', { value: 'complete' })`

let server: RunningServer
let browser: Browser
let near: Site
let far: Site
let release: () => void
let released: Promise<void>

beforeAll(async () => {
  browser = await launch()
  near = await startSite('localhost')
  far = await startSite('127.0.0.1', async ({ url }) => {
    if (url.pathname === '/logout') await released
    return {}
  })
  server = await startServer()
})

beforeEach(() => {
  released = new Promise((resolve) => {
    release = resolve
  })
})

afterAll(async () => {
  await browser?.close()
  await Promise.all([server, near, far].map((running) => running?.stop()))
})

/** A page that is logging out, and the session that ends. */
interface LoggingOut {
  readonly page: Page
  readonly sid: unknown
}

/** Logs in at one application on each site and says yes to the log-out that the first asks for. */
async function logOut(options: BrowserContextOptions = {}, script = ''): Promise<LoggingOut> {
  const page = await openPage(browser, options)
  if (script !== '') await page.addInitScript(script)
  const idTokens: string[] = []
  for (const site of [near, far]) {
    const application = await Application.register(server, site.origin, {
      frontchannel_logout_uri: `${site.origin}/logout?app=1`,
      frontchannel_logout_session_required: true,
    })
    await page.goto(application.authorizationUrl())
    if (site === near) await logIn(page)
    await consent(page)
    await page.waitForURL(`${site.origin}/cb?**`)
    const idToken = await application.idToken(new URL(page.url()).searchParams.get('code'))
    idTokens.push(application.logoutUrl(idToken), idToken)
  }
  const [logoutUrl = '', idToken = ''] = idTokens
  await page.goto(logoutUrl)
  await press(page, 'Log out')
  await page.getByRole('heading', { name: 'Logging out' }).waitFor()
  return { page, sid: decodeJwt(idToken)['sid'] }
}

/** Both applications have been asked, in a frame, to end this session. */
async function expectFrames(sid: unknown): Promise<void> {
  for (const [site, distance] of [
    [near, 'same-site'],
    [far, 'cross-site'],
  ] as const) {
    const { url, headers } = await site.next('GET', '/logout')
    expect(Object.fromEntries(url.searchParams)).toEqual({ app: '1', iss: server.base, sid })
    expect(headers).toMatchObject({ 'sec-fetch-dest': 'iframe', 'sec-fetch-site': distance })
    expect(headers).not.toHaveProperty('referer')
  }
}

describe('front-channel logout', () => {
  it('reaches applications on two sites, then goes back to the one that asked', async () => {
    const { page, sid } = await logOut()
    await expectFrames(sid)
    release()
    await page.waitForURL(`${near.origin}/bye?state=${STATE}`)
    await page.context().close()
  })

  it('goes on without an application that does not answer', async () => {
    const { page, sid } = await logOut()
    await expectFrames(sid)
    await page.waitForURL(`${near.origin}/bye?state=${STATE}`)
    release()
    await page.context().close()
  })

  it('goes on by itself without JavaScript', async () => {
    const { page, sid } = await logOut({ javaScriptEnabled: false })
    await expectFrames(sid)
    release()
    await page.waitForURL(`${near.origin}/bye?state=${STATE}`)
    await page.context().close()
  })

  it('has a link to go on at once', async () => {
    const { page, sid } = await logOut({ javaScriptEnabled: false })
    await expectFrames(sid)
    await page.getByRole('link', { name: 'Go on' }).click()
    await page.waitForURL(`${near.origin}/bye?state=${STATE}`)
    release()
    await page.context().close()
  })

  it.each([
    ['52-logging-out', {}],
    ['53-narrow-logging-out', { viewport: { width: 320, height: 640 }, colorScheme: 'dark' }],
  ] as const)('is a page without obstacles: %s', async (name, options) => {
    const { page, sid } = await logOut(options, STAYING)
    await expectFrames(sid)
    await inspect(page, name)
    release()
    await page.context().close()
  })
})
