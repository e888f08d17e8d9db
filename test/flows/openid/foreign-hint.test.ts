import { beforeEach, describe, expect, it } from 'vitest'
import { Browser, bodyOf, Deployment, testEnv } from '../../support/deployment.ts'
import { LogLines } from '../../support/log-lines.ts'
import {
  authorizationPath,
  LoginApp,
  logIn,
  parameter,
  registerClient,
  type TestClient,
} from '../../support/relying-party.ts'

const LOGOUT = '/oauth2/sessions/logout'
const GOODBYE = 'https://app.example/goodbye'

const lines = new LogLines()
const deployment = new Deployment(testEnv({ DEMO_PAGES: 'true' }))
const app = new LoginApp(deployment)

let client: TestClient

beforeEach(async () => {
  client = await registerClient(deployment, {
    post_logout_redirect_uris: [GOODBYE],
    skip_logout_consent: true,
  })
})

interface LoggedIn {
  readonly browser: Browser
  readonly subject: string
  readonly hint: string
}

async function loggedIn(): Promise<LoggedIn> {
  const browser = new Browser(deployment)
  const subject = `user-${crypto.randomUUID()}`
  const login = { subject, remember: true }
  const { id_token: hint } = await logIn(deployment, client, { browser, login })
  return { browser, subject, hint }
}

const asking = (hint: string): string =>
  `${LOGOUT}?${new URLSearchParams({ id_token_hint: hint, post_logout_redirect_uri: GOODBYE, state: 's' })}`

async function isLoggedIn({ browser }: LoggedIn): Promise<boolean> {
  const at = await browser.next(authorizationPath(client, { prompt: 'none' }))
  return parameter(at, 'error') !== 'login_required'
}

/** The logout request that a browser gets for an ID token, as the logout app sees it, and where its end leads. */
async function ask(browser: Browser, hint: string) {
  const at = await browser.next(asking(hint))
  const challenge = parameter(at, 'logout_challenge')
  const request = await bodyOf(await app.get('logout', challenge))
  const accept = async (by = browser): Promise<string> =>
    (await by.next(await app.decide('logout', 'accept', challenge))).href
  const page = async (): Promise<string> => (await browser.visit(at.href)).text()
  return { request, accept, page }
}

describe('an ID token hint', () => {
  it('in the browser of its session ends that, and need not ask', async () => {
    const user = await loggedIn()
    const { request, accept } = await ask(user.browser, user.hint)
    expect(request).toMatchObject({ subject: user.subject, rp_initiated: true })
    expect(request['client']).toMatchObject({ client_id: client.id, skip_logout_consent: true })
    expect(await accept()).toBe(`${GOODBYE}?state=s`)
    expect(await isLoggedIn(user)).toBe(false)
    expect(lines.last('request')).not.toHaveProperty('reason', 'session_of_other_browser')
  })

  it('in a browser without session asks, and ends nothing, though its holder says yes', async () => {
    const user = await loggedIn()
    const { request, accept, page } = await ask(new Browser(deployment), user.hint)
    expect(request).toMatchObject({ rp_initiated: false, subject: user.subject })
    expect(request['client']).toMatchObject({ client_id: client.id, skip_logout_consent: false })
    const text = await page()
    expect(text).toContain('This ends a login in this browser only. Logins elsewhere stay as they are.')
    expect(text).not.toContain(user.subject)
    expect(await accept()).toBe(`${GOODBYE}?state=s`)
    expect(lines.last('request')).toMatchObject({ status: 302, reason: 'session_of_other_browser' })
    expect(lines.of('audit').map(({ event }) => event)).not.toContain('session.ended')
    expect(await isLoggedIn(user)).toBe(true)
  })

  it('of somebody else asks this browser about its own session', async () => {
    const [victim, other] = [await loggedIn(), await loggedIn()]
    const { request, accept, page } = await ask(victim.browser, other.hint)
    expect(request).toMatchObject({ subject: victim.subject, rp_initiated: false })
    expect(request['client']).toMatchObject({ skip_logout_consent: false })
    expect(await page()).toContain(`<bdi>${victim.subject}</bdi></strong> out in this browser.`)
    expect([await isLoggedIn(victim), await isLoggedIn(other)], 'before anybody said yes').toEqual([
      true,
      true,
    ])
    expect(await accept()).toBe(`${GOODBYE}?state=s`)
    expect([await isLoggedIn(victim), await isLoggedIn(other)]).toEqual([false, true])
  })

  it('accepted in one browser ends nothing from another', async () => {
    const user = await loggedIn()
    const { accept } = await ask(user.browser, user.hint)
    expect(await accept(new Browser(deployment))).toBe(`${GOODBYE}?state=s`)
    expect(await isLoggedIn(user)).toBe(true)
  })

  it('by a form, with which a Lax cookie does not come, still ends the session once the page was seen', async () => {
    const user = await loggedIn()
    const body = new URLSearchParams({ id_token_hint: user.hint, post_logout_redirect_uri: GOODBYE })
    const at = await new Browser(deployment).next(LOGOUT, { method: 'POST', body })
    const challenge = parameter(at, 'logout_challenge')
    expect(await bodyOf(await app.get('logout', challenge))).toMatchObject({ rp_initiated: false })
    const page = await (await user.browser.visit(at.href)).text()
    expect(page).toContain(`<bdi>${user.subject}</bdi></strong> out in this browser.`)
    await user.browser.next(await app.decide('logout', 'accept', challenge))
    expect(await isLoggedIn(user)).toBe(false)
  })

  it('of a session that is over leads on without a question, and ends no other', async () => {
    const user = await loggedIn()
    await deployment.admin('DELETE', `/admin/oauth2/auth/sessions/login?subject=${user.subject}`)
    const other = await loggedIn()
    expect((await other.browser.next(asking(user.hint))).href).toBe(`${GOODBYE}?state=s`)
    expect(await isLoggedIn(other)).toBe(true)
  })
})
