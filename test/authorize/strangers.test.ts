import { describe, expect, it } from 'vitest'
import { Browser, bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import { DEVICE_GRANT, startDevice } from '../support/device.ts'
import {
  authorizationPath,
  authorizeAt,
  LoginApp,
  parameter,
  type TestClient,
} from '../support/relying-party.ts'

const deployment = new Deployment(testEnv({ OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true' }))
const app = new LoginApp(deployment)

const GOOD = 'https://claude.ai/cb'
const EVIL = 'https://evil.example/cb'
const LOOPBACK = 'http://127.0.0.1:33418/cb'
const LOCALHOST = 'http://localhost/cb'
const APP = 'com.example.app:/cb'
const remembered = { login: { remember: true }, consent: { remember: true } }

type Registered = TestClient & { readonly metadata: object }

async function registerItself(redirect_uris: readonly string[], changes: object = {}): Promise<Registered> {
  const metadata = { redirect_uris, grant_types: ['authorization_code'], scope: 'openid', ...changes }
  const answer = await deployment.fetch('/oauth2/register', {
    method: 'POST',
    body: JSON.stringify(metadata),
  })
  expect(answer.status).toBe(201)
  const body = await bodyOf(answer)
  return { id: String(body['client_id']), secret: String(body['client_secret'] ?? ''), metadata }
}

/** What happens where the user allowed an answer to one address, and one to another is asked for. */
async function outcomes(client: TestClient, allowed: string, then: string) {
  const browser = new Browser(deployment)
  const request = { scope: 'openid', redirect_uri: allowed }
  const code = parameter(await authorizeAt(deployment, client, { browser, request, ...remembered }), 'code')
  expect(code).not.toBe('')
  return later(browser, client, then)
}

/** Whether the consent app is told to skip the question, and what `prompt=none` comes to. */
async function later(browser: Browser, client: TestClient, redirect_uri: string) {
  const challengeAt = async (prompt: string): Promise<URL> => {
    const login = await browser.next(authorizationPath(client, { scope: 'openid', redirect_uri, prompt }))
    const accepted = { subject: 'alice', remember: true }
    return browser.next(await app.decide('login', 'accept', parameter(login, 'login_challenge'), accepted))
  }
  const consent = await app.get('consent', parameter(await challengeAt(''), 'consent_challenge'))
  const silent = await challengeAt('none')
  return {
    skip: (await bodyOf(consent))['skip'],
    none: parameter(silent, 'error') || silent.pathname,
  }
}

const KNOWN = { skip: true, none: '/ui/consent' }
const ASKED = { skip: false, none: 'consent_required' }

describe('a remembered consent to a client that registered itself', () => {
  it.each([
    [[GOOD, EVIL], GOOD, EVIL, ASKED],
    [[GOOD, EVIL], GOOD, GOOD, ASKED],
    [[LOOPBACK, EVIL], LOOPBACK, EVIL, ASKED],
    [[LOOPBACK, EVIL], EVIL, LOOPBACK, ASKED],
    [[APP, EVIL], APP, EVIL, ASKED],
    [[APP], APP, APP, ASKED],
    [[GOOD], GOOD, GOOD, KNOWN],
    [[GOOD, 'https://claude.ai:8443/other'], GOOD, 'https://claude.ai:8443/other', KNOWN],
    [[LOOPBACK], LOOPBACK, 'http://127.0.0.1:5000/cb', KNOWN],
    [[LOOPBACK, LOCALHOST], LOOPBACK, LOCALHOST, KNOWN],
  ])('of %j, given for %s, is one to %s: %j', async (uris, allowed, then, expected) => {
    expect(await outcomes(await registerItself(uris), allowed, then)).toEqual(expected)
  })

  it('is one to the loopback interface for public clients too', async () => {
    const client = await registerItself([LOOPBACK], { token_endpoint_auth_method: 'none' })
    expect(await outcomes(client, LOOPBACK, LOOPBACK)).toEqual(KNOWN)
  })

  it('covers every address that an admin saw', async () => {
    const client = await registerItself([GOOD, EVIL])
    const put = await deployment.admin('PUT', `/admin/clients/${client.id}`, client.metadata)
    expect(put.status).toBe(200)
    expect(await outcomes(client, GOOD, EVIL)).toEqual(KNOWN)
  })

  it('for a device is none to a host, nor the other way round', async () => {
    const client = await registerItself([EVIL], { grant_types: ['authorization_code', DEVICE_GRANT] })
    const browser = new Browser(deployment)
    const connect = async (): Promise<URL> => {
      const device = await startDevice(deployment, client, { scope: 'openid' })
      const at = await browser.next(`/oauth2/device/verify?user_code=${device.user_code}`)
      const { user_code } = device
      const verdict = await app.decide('device', 'accept', parameter(at, 'device_challenge'), { user_code })
      const login = await browser.next(verdict)
      const accepted = { subject: 'alice', remember: true }
      return browser.next(await app.decide('login', 'accept', parameter(login, 'login_challenge'), accepted))
    }
    const challenge = parameter(await connect(), 'consent_challenge')
    const accepted = { grant_scope: ['openid'], remember: true }
    await browser.next(await app.decide('consent', 'accept', challenge, accepted))
    expect(await later(browser, client, EVIL)).toEqual(ASKED)
    const again = await app.get('consent', parameter(await connect(), 'consent_challenge'))
    expect(await bodyOf(again)).toMatchObject({ skip: false })
  })
})
