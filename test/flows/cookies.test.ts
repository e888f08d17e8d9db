import { describe, expect, it } from 'vitest'
import { Browser, Deployment, locationOf, testEnv } from '../support/deployment.ts'
import { LogLines } from '../support/log-lines.ts'
import { authorizationPath, LoginApp, logIn, parameter, registerClient } from '../support/relying-party.ts'

const lines = new LogLines()

const ISSUER = 'https://op.example'

/** A server with an https issuer, and a browser that is there. */
function secure(settings: Readonly<Record<string, string>> = {}): {
  readonly deployment: Deployment
  readonly browser: Browser
} {
  const deployment = new Deployment(testEnv({ URLS_SELF_ISSUER: ISSUER, ...settings }))
  return { deployment, browser: new Browser(deployment) }
}

/** Starts a flow and returns the cookie that the browser got. */
async function started(browser: Browser, path: string): Promise<readonly [name: string, value: string]> {
  const response = await browser.visit(`${ISSUER}${path}`)
  const [line = ''] = response.headers.getSetCookie()
  const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
  return [name, value]
}

describe('cookies of an https issuer', () => {
  it.each([
    [{}, /^__Host-ory_hydra_login_csrf_\d{1,2}$/],
    [{ SERVE_COOKIES_PATHS_SESSION: '/oauth2' }, /^__Host-ory_hydra_login_csrf_\d{1,2}$/],
    [{ SERVE_COOKIES_DOMAIN: 'op.example' }, /^ory_hydra_login_csrf_\d{1,2}$/],
    [{ SERVE_COOKIES_NAMES_LOGIN_CSRF: 'ory_hydra_login_csrf' }, /^ory_hydra_login_csrf_\d{1,2}$/],
  ])('belong to this host alone where nothing else is configured: %j', async (settings, expected) => {
    const { deployment, browser } = secure(settings)
    const [name] = await started(browser, authorizationPath(await registerClient(deployment)))
    expect(name).toMatch(expected)
  })

  it.each([[{}], [{ SERVE_COOKIES_DOMAIN: 'op.example' }], [{ SERVE_COOKIES_NAMES_LOGIN_CSRF: 'csrf' }]])(
    'are kept if they are genuine, and replaced if somebody made them up: %j',
    async (settings) => {
      const { deployment, browser } = secure(settings)
      const path = authorizationPath(await registerClient(deployment))
      const [name, genuine] = await started(browser, path)
      expect(await started(browser, path)).toEqual([name, genuine])
      const [head = '', box = ''] = genuine.split('.')
      const session = await sessionOf(secure().deployment)
      for (const planted of [
        'AAAAAAAAAAAAAAAAAAAAAA',
        `${head}.${box.slice(1)}A`,
        session,
        'a'.repeat(4000),
      ]) {
        browser.cookies.set(name, planted)
        const [, value] = await started(browser, path)
        expect([genuine, planted]).not.toContain(value)
      }
    },
  )

  it('are read under no other name', async () => {
    const { deployment, browser } = secure()
    const path = authorizationPath(await registerClient(deployment))
    const [name, genuine] = await started(browser, path)
    const other = new Browser(deployment)
    other.cookies.set(name.replace('__Host-', ''), genuine)
    expect((await started(other, path))[1]).not.toBe(genuine)
  })

  it('log nobody into the account of whoever plants them', async () => {
    const { deployment, browser: mallory } = secure({ SERVE_COOKIES_DOMAIN: 'op.example' })
    const path = authorizationPath(await registerClient(deployment))
    const planted = 'AAAAAAAAAAAAAAAAAAAAAA'
    const [name] = await started(mallory, path)
    mallory.cookies.set(name, planted)
    const at = await mallory.next(`${ISSUER}${path}`)
    const decision = { subject: 'mallory', remember: true }
    const challenge = parameter(at, 'login_challenge')
    const login = await new LoginApp(deployment).decide('login', 'accept', challenge, decision)
    const victim = new Browser(deployment)
    victim.cookies.set(name, planted)
    const answer = locationOf(await victim.visit(login))
    expect(parameter(answer, 'error')).toBe('request_forbidden')
    expect(lines.last('request')).toMatchObject({ reason: 'flow_of_other_browser' })
  })

  it('a session is read from its own cookie only', async () => {
    const { deployment } = secure()
    const value = await sessionOf(deployment)
    const path = authorizationPath(await registerClient(deployment), { prompt: 'none' })
    for (const [name, error] of [
      ['__Host-ory_hydra_session', undefined],
      ['ory_hydra_session', 'login_required'],
    ] as const) {
      const browser = new Browser(deployment)
      browser.cookies.set(name, value)
      expect((await browser.next(`${ISSUER}${path}`)).searchParams.get('error') ?? undefined).toBe(error)
    }
  })

  it('are few, however many clients a stranger sends the browser to', async () => {
    const { deployment, browser } = secure()
    const clients = Array.from({ length: 120 }, () => registerClient(deployment))
    for (const client of clients) await started(browser, authorizationPath(await client))
    expect(browser.cookies.size).toBeGreaterThan(20)
    expect(browser.cookies.size).toBeLessThanOrEqual(32)
  })
})

/** The session cookie of a browser that logged in. */
async function sessionOf(deployment: Deployment): Promise<string> {
  const browser = new Browser(deployment)
  await logIn(deployment, await registerClient(deployment), { browser, login: { remember: true } })
  return browser.cookies.get('__Host-ory_hydra_session') ?? ''
}
