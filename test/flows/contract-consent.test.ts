import { describe, expect, it } from 'vitest'
import { Browser, bodyOf, Deployment, ISSUER } from '../support/deployment.ts'
import {
  authorizationPath,
  authorizeAt,
  LoginApp,
  logIn,
  parameter,
  REDIRECT_URI,
  redeem,
  registerClient,
  type TestClient,
} from '../support/relying-party.ts'

const deployment = new Deployment()
const app = new LoginApp(deployment)
const SUBJECT = 'foo@bar.com'
const remembered = { login: { subject: SUBJECT, remember: true }, consent: { remember: true } }

const at = (url: URL): string => url.origin + url.pathname
const members = (url: URL): Record<string, string> => Object.fromEntries(url.searchParams)

/** The login request a browser is led to. */
async function loginRequest(browser: Browser, client: TestClient, request = {}) {
  const page = await browser.next(authorizationPath(client, request))
  return bodyOf(await app.get('login', parameter(page, 'login_challenge')))
}

describe.each(['opaque', 'jwt'])('%s access tokens (contract 6)', (access_token_strategy) => {
  const register = (metadata: object = {}): Promise<TestClient> =>
    registerClient(deployment, { access_token_strategy, ...metadata })

  describe('oauth2/authorize_error', () => {
    it.each(['login', 'consent'] as const)(
      'a rejected %s reaches the client, without a code',
      async (flow) => {
        const client = await register()
        const browser = new Browser(deployment)
        let page = await browser.next(authorizationPath(client))
        if (flow === 'consent') {
          const challenge = parameter(page, 'login_challenge')
          page = await browser.next(await app.decide('login', 'accept', challenge, { subject: SUBJECT }))
        }
        const no = { error: 'access_denied', error_description: `The resource owner denied the ${flow}` }
        const verdict = await app.decide(flow, 'reject', parameter(page, `${flow}_challenge`), no)
        const callback = await browser.next(verdict)
        expect(at(callback)).toBe(REDIRECT_URI)
        expect(members(callback)).toEqual({
          ...no,
          state: 'state-0123456789',
          iss: ISSUER,
          session_state: expect.any(String),
        })
      },
    )

    it.each([
      ['an unknown client', { client_id: 'i-do-not-exist' }, 'invalid_client', ''],
      [
        'an unregistered redirect URI',
        { redirect_uri: 'https://other.example/cb' },
        'invalid_request',
        'redirect_uri',
      ],
    ])('%s: our own error page', async (_name, request, error, words) => {
      const page = await new Browser(deployment).next(authorizationPath(await register(), request))
      expect([at(page), parameter(page, 'error')]).toEqual([`${ISSUER}/oauth2/fallbacks/error`, error])
      expect(parameter(page, 'error_description')).toContain(words)
    })

    it('an unregistered scope: invalid_scope at the client', async () => {
      const request = authorizationPath(await register(), { scope: 'this-scope-does-not-exist' })
      const callback = await new Browser(deployment).next(request)
      expect([at(callback), parameter(callback, 'error')]).toEqual([REDIRECT_URI, 'invalid_scope'])
    })

    it('a client of response type token that asks for a code: unsupported_response_type', async () => {
      const client = await register({ response_types: ['token'] })
      const callback = await new Browser(deployment).next(authorizationPath(client))
      expect([at(callback), parameter(callback, 'error')]).toEqual([
        REDIRECT_URI,
        'unsupported_response_type',
      ])
    })

    it('a client of client_credentials only: login and consent pass, the token step is unauthorized_client', async () => {
      const client = await register({ grant_types: ['client_credentials'] })
      const callback = await authorizeAt(deployment, client)
      const answer = await redeem(deployment, client, parameter(callback, 'code'))
      expect([answer.status, await bodyOf(answer)]).toMatchObject([400, { error: 'unauthorized_client' }])
    })
  })

  describe('oauth2/consent', () => {
    it('a remembered consent is listed, and once all are revoked it and its tokens are gone', async () => {
      const client = await register()
      const subject = crypto.randomUUID()
      const path = `/admin/oauth2/auth/sessions/consent?subject=${subject}`
      const tokens = await logIn(deployment, client, { login: { subject }, consent: { remember: true } })
      const listed = await deployment.admin('GET', path)
      expect(await listed.json()).toMatchObject([
        {
          remember: true,
          handled_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
          consent_request: { subject, client: { client_id: client.id } },
        },
      ])
      expect((await deployment.admin('DELETE', `${path}&all=true`)).status).toBe(204)
      expect(await (await deployment.admin('GET', path)).json()).toEqual([])
      for (const token of [tokens.access_token, tokens.refresh_token]) {
        expect(await deployment.introspect(token)).toEqual({ active: false })
      }
    })
  })

  describe('openid/prompt', () => {
    it('none without a session: login_required at the client', async () => {
      const callback = await new Browser(deployment).next(
        authorizationPath(await register(), { prompt: 'none' }),
      )
      expect([at(callback), parameter(callback, 'error')]).toEqual([REDIRECT_URI, 'login_required'])
    })

    it('a remembered login and consent pass silently; login and consent ask for theirs again', async () => {
      const client = await register()
      const browser = new Browser(deployment)
      await authorizeAt(deployment, client, { browser, ...remembered })
      const known = { browser, login: { subject: SUBJECT } }
      const silent = await authorizeAt(deployment, client, { ...known, request: { prompt: 'none' } })
      expect(parameter(silent, 'code')).toMatch(/^ory_ac_/)
      expect(await loginRequest(browser, client)).toMatchObject({ skip: true, subject: SUBJECT })
      expect(await loginRequest(browser, client, { prompt: 'login' })).toMatchObject({ skip: false })
      const { challenge, skip } = await loginRequest(browser, client, { prompt: 'consent' })
      const next = await app.decide('login', 'accept', String(challenge), { subject: SUBJECT })
      const page = await browser.next(next)
      const consent = await bodyOf(await app.get('consent', parameter(page, 'consent_challenge')))
      expect([skip, consent['skip']]).toEqual([true, false])
    })
  })

  describe('openid/logout', () => {
    it.each(['GET', 'POST'])(
      'without hint by %s: asked for, then the page after it; a new login asks again',
      async (method) => {
        const client = await register()
        const browser = new Browser(deployment)
        await authorizeAt(deployment, client, { browser, ...remembered })
        const page = await browser.next('/oauth2/sessions/logout', { method })
        const challenge = parameter(page, 'logout_challenge')
        const request = await bodyOf(await app.get('logout', challenge))
        expect(request).toMatchObject({ subject: SUBJECT, rp_initiated: false })
        expect(request).not.toHaveProperty('client')
        const end = await browser.next(await app.decide('logout', 'accept', challenge))
        expect(at(end)).toBe(`${ISSUER}/oauth2/fallbacks/logout/callback`)
        expect((await browser.visit(end.href)).status).toBe(200)
        expect(await loginRequest(browser, client)).toMatchObject({ skip: false, subject: '' })
      },
    )

    it('the end of a logout again does not end a newer session of the same browser', async () => {
      const client = await register()
      const browser = new Browser(deployment)
      const { id_token } = await logIn(deployment, client, { browser, ...remembered })
      const page = await browser.next(`/oauth2/sessions/logout?id_token_hint=${id_token}`)
      const last = await app.decide('logout', 'accept', parameter(page, 'logout_challenge'))
      await browser.next(last)
      await authorizeAt(deployment, client, { browser, ...remembered })
      const again = await browser.next(last)
      expect(at(again)).toBe(`${ISSUER}/oauth2/fallbacks/logout/callback`)
      expect(await loginRequest(browser, client)).toMatchObject({ skip: true, subject: SUBJECT })
    })
  })
})
