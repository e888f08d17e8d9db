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

const RESTED = 'no timer is left'

/** Says so when a page's last timer has run or was taken back. */
const TIMERS = `const [start, stop] = [setTimeout, clearTimeout]
const running = new Set()
const end = (id) => running.delete(id) && queueMicrotask(() => running.size === 0 && console.log('${RESTED}'))
window.setTimeout = (run, ms) => {
  const id = start(() => (run(), end(id)), ms)
  running.add(id)
  return id
}
window.clearTimeout = (id) => (stop(id), end(id))`

let server: RunningServer
let browser: Browser
let near: Site
let far: Site
let release: () => void
let released: Promise<void>
/** How long the near application takes to answer after a logout. */
let welcome: () => Promise<void>

beforeAll(async () => {
  browser = await launch()
  near = await startSite('localhost', async ({ url }) => {
    if (url.pathname === '/bye') await welcome()
    return {}
  })
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
  welcome = () => Promise.resolve()
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
async function logOut(
  options: BrowserContextOptions = {},
  prepare: (page: Page) => Promise<unknown> = () => Promise.resolve(),
): Promise<LoggingOut> {
  const page = await openPage(browser, options)
  await prepare(page)
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

  it.each<[string, (page: Page) => unknown]>([
    ['all frames have loaded', () => release()],
    ['time is up', () => undefined],
    [
      'the link was clicked',
      (page) => page.getByRole('link', { name: 'Continue' }).click({ noWaitAfter: true }),
    ],
  ])('goes on once, however slow the application is to answer, when %s', async (_when, goOn) => {
    const arrived = Promise.withResolvers<void>()
    const answered = Promise.withResolvers<void>()
    const rested = Promise.withResolvers<void>()
    welcome = () => {
      arrived.resolve()
      return answered.promise
    }
    const before = near.visits.length
    const { page, sid } = await logOut({}, async (page) => {
      page.on('console', (message) => message.text() === RESTED && rested.resolve())
      await page.addInitScript(TIMERS)
    })
    await expectFrames(sid)
    await goOn(page)
    await Promise.all([arrived.promise, rested.promise])
    release()
    answered.resolve()
    await page.waitForURL(`${near.origin}/bye?state=${STATE}`)
    const visits = near.visits.slice(before).filter(({ url }) => url.pathname === '/bye')
    expect(visits).toHaveLength(1)
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
    await page.getByRole('link', { name: 'Continue' }).click()
    await page.waitForURL(`${near.origin}/bye?state=${STATE}`)
    release()
    await page.context().close()
  })

  it.each([
    ['52-logging-out', {}],
    ['53-narrow-logging-out', { viewport: { width: 320, height: 640 }, colorScheme: 'dark' }],
  ] as const)('is a page without obstacles: %s', async (name, options) => {
    const { page, sid } = await logOut(options, (page) => page.addInitScript(STAYING))
    await expectFrames(sid)
    await inspect(page, name)
    release()
    await page.context().close()
  })
})
