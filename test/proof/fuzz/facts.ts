import { type Browser, bodyOf, type Reachable } from '../../support/browser.ts'
import { enterCode, poll } from '../../support/device.ts'
import {
  authorizationPath,
  LoginApp,
  parameter,
  redeem,
  refresh,
  type TestClient,
} from '../../support/relying-party.ts'
import { TRUST_PATH } from '../../support/trust.ts'
import type { Party } from './world.ts'

/** What is true of a party, as text to compare. */
export type Facts = Readonly<Record<string, string>>

/** Reads what nobody but the party may change, and changes nothing. */
export async function readFacts(at: Reachable, { client, subject, held }: Party): Promise<Facts> {
  const text = async (path: string): Promise<string> => (await at.admin('GET', path)).text()
  const told = async (token = ''): Promise<string> => JSON.stringify(await at.introspect(token))
  const headers = { authorization: `Bearer ${held['registration_token']}` }
  return {
    client: await text(`/admin/clients/${client.id}`),
    consents: await text(`/admin/oauth2/auth/sessions/consent?subject=${subject}`),
    trust: await text(`${TRUST_PATH}?issuer=${encodeURIComponent(`https://issuer.example/${subject}`)}`),
    keys: await text('/admin/keys/hydra.openid.id-token'),
    'access token': await told(held['access_token']),
    'refresh token': await told(held['refresh_token']),
    'self-registered client': await (
      await at.fetch(`/oauth2/register/${held['registration_id']}`, { headers })
    ).text(),
  }
}

/** Names of facts that differ. */
export const changed = (before: Facts, after: Facts): readonly string[] =>
  Object.keys(before).filter((name) => before[name] !== after[name])

/** Goes on with everything that the party began: what does not go on as it should have. */
export async function finish(at: Reachable, party: Party): Promise<readonly string[]> {
  const { client, held } = party
  const steps: Readonly<Record<string, () => Promise<boolean>>> = {
    userinfo: async () => (await userinfo(at, held['access_token'])) === party.subject,
    'refresh token': async () => (await refresh(at, client, held['refresh_token'] ?? '')).status === 200,
    code: async () => (await redeem(at, client, held['code'] ?? '')).status === 200,
    'login verifier and consent verifier': () => lastHop(at, party),
    'login challenge': () => fromLogin(at, party),
    session: () => silent(party.browser, client),
    device: () => device(at, party),
    'logout challenge': () => logout(at, party),
    'and the session is over': async () => !(await silent(party.browser, client)),
  }
  const failed: string[] = []
  for (const [name, step] of Object.entries(steps)) {
    const good = await step().catch((thrown: unknown) => {
      failed.push(`${name}: ${String(thrown)}`)
      return true
    })
    if (!good) failed.push(name)
  }
  return failed
}

async function userinfo(at: Reachable, token = ''): Promise<unknown> {
  const response = await at.fetch('/userinfo', { headers: { authorization: `Bearer ${token}` } })
  return (await bodyOf(response))['sub']
}

async function lastHop(at: Reachable, { client, consented, held }: Party): Promise<boolean> {
  const query = new URLSearchParams({
    client_id: client.id,
    consent_verifier: held['consent_verifier'] ?? '',
  })
  const code = parameter(await consented.next(`/oauth2/auth?${query}`), 'code')
  return (await redeem(at, client, code)).status === 200
}

async function fromLogin(at: Reachable, { client, pending, held, subject }: Party): Promise<boolean> {
  const app = new LoginApp(at)
  const afterLogin = await app.decide('login', 'accept', held['login_challenge'] ?? '', { subject })
  const atConsent = parameter(await pending.next(afterLogin), 'consent_challenge')
  const last = await app.decide('consent', 'accept', atConsent, { grant_scope: ['openid'] })
  return (await redeem(at, client, parameter(await pending.next(last), 'code'))).status === 200
}

/** Whether the browser's session is known without a question. */
async function silent(browser: Browser, client: TestClient): Promise<boolean> {
  const answer = await browser.next(authorizationPath(client, { prompt: 'none' }))
  return parameter(answer, 'error') !== 'login_required'
}

async function device(at: Reachable, { client, held, browser, subject }: Party): Promise<boolean> {
  const app = new LoginApp(at)
  const atLogin = await browser.next(await enterCode(at, browser, held['user_code'] ?? ''))
  const challenge = parameter(atLogin, 'login_challenge')
  const afterLogin = await app.decide('login', 'accept', challenge, { subject })
  const atConsent = parameter(await browser.next(afterLogin), 'consent_challenge')
  await browser.visit(await app.decide('consent', 'accept', atConsent, { grant_scope: ['openid'] }))
  return (await poll(at, client, { device_code: held['device_code'] ?? '' })).status === 200
}

async function logout(at: Reachable, { browser, held }: Party): Promise<boolean> {
  const next = await new LoginApp(at).decide('logout', 'accept', held['logout_challenge'] ?? '')
  return (await browser.visit(next)).status < 400
}
