import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Application, press } from '../browser/application.ts'
import { inspect, launch, openPage } from '../browser/browser.ts'
import { freePort, type RunningServer, startServer } from '../support/server.ts'
import { type Site, startSite } from '../support/site.ts'
import { type RunningExample, startExample } from './run.ts'

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

/** Long enough for a page to be shown, in seconds. */
const SHORT_TTL = 4

/** How long is waited for a challenge to expire, in milliseconds. */
const EXPIRED_WITHIN_MS = 20_000

const heading = (page: Page): Promise<string> => page.locator('h1').innerText()

async function logIn(page: Page, { password = 'wonderland', remember = false } = {}): Promise<void> {
  await page.getByLabel('Name').fill('alice')
  await page.getByLabel('Password').fill(password)
  if (remember) await page.getByLabel('Remember me').check()
  await press(page, 'Log in')
}

/** A login app and the server whose pages it shows, as the app's README starts them. */
interface Pair {
  readonly server: RunningServer
  readonly base: string
  stop(): Promise<void>
}

async function startPair(name: string, cwd: string | undefined, vars: object = {}): Promise<Pair> {
  const registry = await mkdtemp(join(tmpdir(), 'ladon-registry-'))
  // Workers of one machine find each other by name: those of this test only each other.
  process.env['WRANGLER_REGISTRY_PATH'] = registry
  const port = await freePort()
  const base = `http://localhost:${port}`
  const server = await startServer({
    vars: {
      ADMIN_ENTRYPOINT: 'flows',
      URLS_LOGIN: `${base}/login`,
      URLS_CONSENT: `${base}/consent`,
      URLS_LOGOUT: `${base}/logout`,
      URLS_ERROR: `${base}/error`,
      URLS_DEVICE_VERIFICATION: `${base}/device`,
      URLS_DEVICE_SUCCESS: `${base}/device/done`,
      ...vars,
    },
  })
  const options = {
    env: { PORT: String(port), LADON_URL: server.base, LADON_ADMIN_KEY: server.adminKey },
    args: name === 'login-hono' ? ['--port', String(port)] : [],
    ...(cwd !== undefined && { cwd }),
  }
  const app: RunningExample = await startExample(name, options).catch(async (thrown: unknown) => {
    await server.stop()
    throw thrown
  })
  const stop = async (): Promise<void> => {
    await Promise.all([app.stop(), server.stop()])
    await rm(registry, { recursive: true, force: true })
  }
  return { server, base, stop }
}

/**
 * Declares the walk through a login app's pages.
 *
 * @param cwd - the folder of a copy to run; that of the repository without
 */
export function walkLoginApp(name: string, cwd?: string): void {
  let browser: Browser
  let site: Site
  let page: Page

  beforeAll(async () => {
    browser = await launch()
    site = await startSite('localhost')
  })
  beforeEach(async () => {
    page = await openPage(browser)
  })
  afterEach(() => page.context().close())
  afterAll(async () => {
    await browser?.close()
    await site?.stop()
  })

  /** What the application is told when the browser is back. */
  const atApplication = async (): Promise<URLSearchParams> => {
    await page.waitForURL(`${site.origin}/cb?**`)
    return new URL(page.url()).searchParams
  }

  describe(`${name}, step by step`, () => {
    let pair: Pair
    let application: Application

    beforeAll(async () => {
      pair = await startPair(name, cwd)
    })
    afterAll(() => pair?.stop())
    beforeEach(async () => {
      application = await Application.register(pair.server, site.origin, { client_name: 'A & <b>B</b>' })
    })

    it('logs in by the right password alone, and the application gets what was allowed', async () => {
      await page.goto(application.authorizationUrl({ scope: 'openid profile email' }))
      expect(await heading(page)).toBe('Log in')
      expect(await page.locator('strong').innerText()).toBe('A & <b>B</b>')
      await inspect(page, `example-${name}-login`)
      await logIn(page, { password: 'wrong' })
      expect(await page.getByRole('alert').innerText()).toContain('do not match')
      await logIn(page)
      expect(await heading(page)).toBe('Allow access?')
      await inspect(page, `example-${name}-consent`)
      await page.getByLabel('profile').uncheck()
      await press(page, 'Allow')
      const answer = await atApplication()
      expect(answer.get('scope')).toBe('openid email')
      const claims = decodeJwt(await application.idToken(answer.get('code')))
      expect(claims).toMatchObject({ sub: 'alice', email: 'alice@example.com' })
    })

    it('passes on whom it remembers, until they log out', async () => {
      await page.goto(application.authorizationUrl())
      await logIn(page, { remember: true })
      await page.getByLabel('Do not ask again').check()
      await press(page, 'Allow')
      await atApplication()
      await page.goto(application.authorizationUrl())
      const logout = application.logoutUrl(await application.idToken((await atApplication()).get('code')))

      await page.goto(logout)
      expect(await heading(page)).toBe('Log out?')
      await press(page, 'Stay')
      expect(await heading(page)).toBe('You are still logged in')
      await page.goto(logout)
      await press(page, 'Log out')
      await page.waitForURL(`${site.origin}/bye?**`)
      await page.goto(application.authorizationUrl())
      expect(await heading(page)).toBe('Log in')
    })

    it.each([
      ['Cancel', async () => undefined],
      ['Deny', (at: Page) => logIn(at)],
    ])('tells the application that its user chose %s', async (button, before) => {
      await page.goto(application.authorizationUrl())
      await before(page)
      await press(page, button)
      expect((await atApplication()).get('error')).toBe('access_denied')
    })

    it('connects a device by its code', async () => {
      const device = await Application.register(pair.server, site.origin, {
        grant_types: [DEVICE_GRANT],
        response_types: [],
        redirect_uris: [],
        post_logout_redirect_uris: [],
      })
      const begun = await fetch(`${pair.server.base}/oauth2/device/auth`, {
        method: 'POST',
        body: new URLSearchParams({ client_id: device.id, scope: 'openid' }),
      })
      const { user_code, verification_uri }: Record<string, string> = await begun.json()
      await page.goto(String(verification_uri))
      expect(await heading(page)).toBe('Connect a device')
      await page.getByLabel('Code').fill('WRNGCODE')
      await press(page, 'Continue')
      expect(await page.getByRole('alert').innerText()).toContain('does not work')
      await page.getByLabel('Code').fill(String(user_code))
      await press(page, 'Continue')
      await logIn(page)
      await press(page, 'Allow')
      expect(await heading(page)).toBe('Your device is connected')
    })

    it('takes no form of another site, and none without an end', async () => {
      await page.goto(application.authorizationUrl())
      const post = async (headers: Record<string, string>, more = ''): Promise<number> => {
        const body = new URLSearchParams({ username: 'alice', password: 'wonderland', more })
        return (await fetch(page.url(), { method: 'POST', redirect: 'manual', headers, body })).status
      }
      expect(await post({ origin: pair.base })).toBe(303)
      expect(await post({ origin: site.origin })).toBe(400)
      expect(await post({ origin: pair.base, 'sec-fetch-site': 'same-site' })).toBe(400)
      expect(await post({})).toBe(400)
      expect(await post({ origin: pair.base }, 'x'.repeat(20_000))).toBe(400)
    })

    it('has a page for errors, and one for a step that never was', async () => {
      await page.goto(application.authorizationUrl({ client_id: 'nobody' }))
      expect(page.url()).toMatch(`${pair.base}/error`)
      expect(await heading(page)).toBe('This does not work')
      await page.goto(`${pair.base}/login?login_challenge=never`)
      expect(await heading(page)).toBe('This step is over')
    })
  })

  describe(`${name}, too late`, () => {
    let pair: Pair

    beforeAll(async () => {
      pair = await startPair(name, cwd, { TTL_LOGIN_CONSENT_REQUEST: `${SHORT_TTL}s` })
    })
    afterAll(() => pair?.stop())

    it('starts afresh with a challenge that has expired: its link, and its form', async () => {
      const application = await Application.register(pair.server, site.origin)
      await page.goto(application.authorizationUrl())
      const link = page.url()
      const { base, adminKey } = pair.server
      const asked = `${base}/admin/oauth2/auth/requests/login${new URL(link).search}`
      const authorization = `Bearer ${adminKey}`
      const status = async (): Promise<number> => (await fetch(asked, { headers: { authorization } })).status
      await expect.poll(status, { timeout: EXPIRED_WITHIN_MS }).toBe(410)
      await logIn(page)
      await page.waitForURL(({ href }) => href !== link)
      expect(await heading(page)).toBe('Log in')
      await page.goto(link)
      expect(await heading(page)).toBe('Log in')
      expect(page.url()).not.toBe(link)
    })
  })
}
