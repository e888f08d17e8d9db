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
const EXPIRED_WITHIN_MS = 30_000

const heading = (page: Page): Promise<string> => page.locator('h1').innerText()

async function logIn(page: Page, { password = 'wonderland', remember = false } = {}): Promise<void> {
  await page.getByLabel('Name').fill('alice')
  await page.getByLabel('Password').fill(password)
  if (remember) await page.getByLabel('Remember me').check()
  await press(page, 'Log in')
}

/** The buttons that say no, and how to come to them. */
const NOES: readonly (readonly [button: string, come: (page: Page) => Promise<void>])[] = [
  ['Cancel', async () => undefined],
  ['Deny', (page) => logIn(page)],
]

/** A device that waits for its user. */
interface Device {
  readonly userCode: string
  readonly uri: string
  /** As `uri`, with the code in it. */
  readonly uriWithCode: string
  /** Asks for its tokens. */
  poll(): Promise<Record<string, string>>
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
  let pair: Pair
  let shown: Promise<string>[]

  beforeAll(async () => {
    browser = await launch()
    site = await startSite('localhost')
  })
  beforeEach(async () => {
    page = await openPage(browser)
    shown = []
    page.on('response', (response) => void shown.push(response.text().catch(() => '')))
  })
  afterEach(async () => {
    expect((await Promise.all(shown)).join('\n')).not.toContain(pair.server.adminKey)
    await page.context().close()
  })
  afterAll(async () => {
    await browser?.close()
    await site?.stop()
  })

  /** What the application is told when the browser is back. */
  const atApplication = async (): Promise<URLSearchParams> => {
    await page.waitForURL(`${site.origin}/cb?**`)
    return new URL(page.url()).searchParams
  }

  /** Asks for a code as a device does. */
  const beginDevice = async (): Promise<Device> => {
    const { id } = await Application.register(pair.server, site.origin, {
      grant_types: [DEVICE_GRANT],
      response_types: [],
      redirect_uris: [],
      post_logout_redirect_uris: [],
    })
    const post = async (path: string, form: Record<string, string>): Promise<Record<string, string>> => {
      const body = new URLSearchParams({ client_id: id, ...form })
      return (await fetch(`${pair.server.base}${path}`, { method: 'POST', body })).json()
    }
    const begun = await post('/oauth2/device/auth', { scope: 'openid' })
    const { device_code = '', user_code = '', verification_uri = '', verification_uri_complete = '' } = begun
    const poll = () => post('/oauth2/token', { grant_type: DEVICE_GRANT, device_code })
    return { userCode: user_code, uri: verification_uri, uriWithCode: verification_uri_complete, poll }
  }

  describe(`${name}, step by step`, () => {
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

    it.each(NOES)('tells the application that its user chose %s', async (button, come) => {
      await page.goto(application.authorizationUrl())
      await come(page)
      await press(page, button)
      expect((await atApplication()).get('error')).toBe('access_denied')
    })

    it('asks nothing of an application that needs no consent', async () => {
      const own = { skip_consent: true, skip_logout_consent: true }
      const trusted = await Application.register(pair.server, site.origin, own)
      await page.goto(trusted.authorizationUrl({ scope: 'openid email', login_hint: 'al' }))
      expect(await page.getByLabel('Name').inputValue()).toBe('al')
      await logIn(page)
      const answer = await atApplication()
      expect(answer.get('scope')).toBe('openid email')
      await page.goto(trusted.logoutUrl(await trusted.idToken(answer.get('code'))))
      await page.waitForURL(`${site.origin}/bye?**`)
    })

    it('connects a device by its code', async () => {
      const device = await beginDevice()
      await page.goto(device.uri)
      expect(await heading(page)).toBe('Connect a device')
      await inspect(page, `example-${name}-device`)
      await page.getByLabel('Code').fill('WRNGCODE')
      await press(page, 'Continue')
      expect(await page.getByRole('alert').innerText()).toContain('does not work')
      await page.getByLabel('Code').fill(device.userCode)
      await press(page, 'Continue')
      await logIn(page)
      await press(page, 'Allow')
      expect(await heading(page)).toBe('Your device is connected')
      expect(await device.poll()).toMatchObject({ access_token: expect.any(String) })
    })

    it.each(NOES)('tells the device that its user chose %s', async (button, come) => {
      const device = await beginDevice()
      await page.goto(device.uriWithCode)
      expect(await page.getByLabel('Code').inputValue()).toBe(device.userCode)
      await press(page, 'Continue')
      await come(page)
      await press(page, button)
      await page.waitForURL(`${pair.server.base}/**`)
      expect(await device.poll()).toMatchObject({ error: 'access_denied' })
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
      await inspect(page, `example-${name}-error`)
      for (const step of ['login', 'consent', 'logout']) {
        await page.goto(`${pair.base}/${step}?${step}_challenge=never`)
        expect([step, await heading(page)]).toEqual([step, 'This step is over'])
      }
    })
  })

  describe(`${name}, too late`, () => {
    let application: Application

    beforeAll(async () => {
      pair = await startPair(name, cwd, { TTL_LOGIN_CONSENT_REQUEST: `${SHORT_TTL}s` })
    })
    afterAll(() => pair?.stop())
    beforeEach(async () => {
      application = await Application.register(pair.server, site.origin)
    })

    /** Resolves when the step that the browser shows has expired; a wrong code in it says so too. */
    const expired = async (step: string): Promise<void> => {
      const { base, adminKey } = pair.server
      const asked = `${base}/admin/oauth2/auth/requests/${step}`
      const { search } = new URL(page.url())
      const headers = { authorization: `Bearer ${adminKey}` }
      const status = async (): Promise<number> => {
        const response =
          step === 'device'
            ? fetch(`${asked}/accept${search}`, { method: 'PUT', headers, body: '{"user_code":"WRNGCODE"}' })
            : fetch(asked + search, { headers })
        return (await response).status
      }
      await expect.poll(status, { timeout: EXPIRED_WITHIN_MS, interval: 500 }).toBe(410)
    }

    /** Logs in, as often as the step expires before that. */
    const comeTo = async (title: string): Promise<void> => {
      await expect
        .poll(
          async () => {
            if ((await heading(page)) === 'Log in') await logIn(page, { remember: true })
            return heading(page)
          },
          { timeout: EXPIRED_WITHIN_MS },
        )
        .toBe(title)
    }

    it('starts afresh with a login that has expired: its link, and its form', async () => {
      await page.goto(application.authorizationUrl())
      const link = page.url()
      await expired('login')
      await logIn(page)
      await page.waitForURL(({ href }) => href !== link)
      expect(await heading(page)).toBe('Log in')
      await page.goto(link)
      expect(await heading(page)).toBe('Log in')
      expect(page.url()).not.toBe(link)
    })

    it('starts afresh with a consent that has expired', async () => {
      await page.goto(application.authorizationUrl())
      await comeTo('Allow access?')
      const link = page.url()
      await expired('consent')
      await press(page, 'Allow')
      await page.waitForURL(({ href }) => href !== link)
      expect(await heading(page)).toBe('Allow access?')
    })

    it('starts afresh with a logout that has expired', async () => {
      const trusted = await Application.register(pair.server, site.origin, { skip_consent: true })
      await page.goto(trusted.authorizationUrl())
      await comeTo('Application')
      const { searchParams } = new URL(page.url())
      await page.goto(trusted.logoutUrl(await trusted.idToken(searchParams.get('code'))))
      const link = page.url()
      await expired('logout')
      await press(page, 'Log out')
      await page.waitForURL(({ href }) => href !== link)
      expect(await heading(page)).toBe('Log out?')
    })

    it('starts afresh with a code that is entered too late', async () => {
      const device = await beginDevice()
      await page.goto(device.uri)
      const link = page.url()
      await expired('device')
      await page.getByLabel('Code').fill(device.userCode)
      await press(page, 'Continue')
      await page.waitForURL(({ href }) => href !== link)
      expect(await heading(page)).toBe('Connect a device')
    })

    it('says that there were too many wrong codes', async () => {
      const device = await beginDevice()
      const wrong = async (): Promise<string> => {
        await page.goto(device.uri)
        const body = new URLSearchParams({ user_code: 'WRNGCODE' })
        const post = () => fetch(page.url(), { method: 'POST', headers: { origin: pair.base }, body })
        const pages = await Promise.all(Array.from({ length: 10 }, async () => (await post()).text()))
        return pages.join()
      }
      await expect.poll(wrong, { timeout: EXPIRED_WITHIN_MS }).toContain('Too many wrong codes')
    })

    // The last one: nothing answers after it.
    it('says that it is broken where Ladon does not answer', async () => {
      await page.goto(application.authorizationUrl())
      await pair.server.stop()
      await page.reload()
      expect(await heading(page)).toBe('Something is broken')
    })
  })
}
