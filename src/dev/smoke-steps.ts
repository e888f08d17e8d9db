import { createHash, randomBytes } from 'node:crypto'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { isJsonObject, type JsonObject } from '../util/json.ts'
import type { SmokeReceiver } from './smoke-receiver.ts'
import { must, parameterOf, type SmokeServer, textOf } from './smoke-server.ts'

const REDIRECT_URI = 'https://smoke.invalid/callback'
const AFTER_LOGOUT = 'https://smoke.invalid/bye'
const SCOPE = 'openid offline_access'

/** The step from which on there may be something to remove, also if it failed: a 503 may have changed something. */
export const CLIENT_IS_MADE = 'a client is made'

/** One thing that is tried. It throws if it did not go as it must. */
export interface SmokeStep {
  readonly name: string
  run(): Promise<void>
}

/** What the run uses. */
export interface SmokeParts {
  readonly server: SmokeServer
  /** Where the notice arrives, and by which address the server reaches it; absent if notices are not tried. */
  readonly notices: { readonly receiver: SmokeReceiver; readonly url: string } | undefined
}

/** A temporary client, a user and what they hold, from one step to the next. */
interface Held {
  readonly id: string
  readonly secret: string
  readonly subject: string
  keys: ReturnType<typeof createLocalJWKSet> | undefined
  accessToken: string
  refreshToken: string
  idToken: string
}

const random = (): string => randomBytes(24).toString('base64url')

/** Returns a PKCE verifier and its challenge (RFC 7636 sections 4.1 and 4.2). */
function pkce(): { readonly verifier: string; readonly challenge: string } {
  const verifier = randomBytes(32).toString('base64url')
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') }
}

/** Returns the steps in their order, and those that remove what the others made. */
export function smokeSteps(parts: SmokeParts): {
  readonly steps: readonly SmokeStep[]
  readonly cleanUp: readonly SmokeStep[]
} {
  const held: Held = {
    id: `smoke-${random()}`,
    secret: random(),
    subject: `smoke-${random()}`,
    ...{ keys: undefined, accessToken: '', refreshToken: '', idToken: '' },
  }
  const { server } = parts
  const step = (name: string, run: () => Promise<void>): SmokeStep => ({ name, run })
  return {
    steps: [
      step('ready', async () => void (await server.json('/health/ready'))),
      step('discovery and keys', () => discover(server, held)),
      step('the admin API is closed to others', () => refuseStrangers(server)),
      step(CLIENT_IS_MADE, () => makeClient(parts, held)),
      step('client_credentials and introspection', () => machine(server, held)),
      step('login, consent, code, ID token', () => logIn(server, held)),
      step('userinfo', () => userinfo(server, held)),
      step('refresh', () => refresh(server, held)),
      step('introspection', () => expectActive(server, held.accessToken, true)),
      step('revocation', () => revoke(server, held)),
      step('login again by the session', () => logInSilently(server, held)),
      step('logout', () => logOut(server, held)),
      ...(parts.notices === undefined
        ? []
        : [step('back-channel notice', () => receive(parts.notices, server, held))]),
    ],
    cleanUp: [
      step('the user is erased', () => server.remove(`/admin/subjects/${held.subject}`)),
      step('the client is deleted', () => server.remove(`/admin/clients/${held.id}`)),
    ],
  }
}

async function discover(server: SmokeServer, held: Held): Promise<void> {
  const document = await server.json('/.well-known/openid-configuration')
  const issuer = textOf(document, 'issuer')
  must(issuer.replace(/\/$/, '') === server.issuer, `the issuer calls itself ${issuer}`)
  // The user's browser has its cookies there, and the key goes to the issuer's origin alone.
  const { origin } = new URL(textOf(document, 'authorization_endpoint'))
  must(
    origin === new URL(server.issuer).origin,
    `its endpoints are at ${origin} (URLS_SELF_PUBLIC), another origin than the issuer: such a server cannot be tried`,
  )
  const keys = await server.json(textOf(document, 'jwks_uri'))
  must(isKeySet(keys), 'there is no key to sign with')
  held.keys = createLocalJWKSet(keys)
}

const isKeySet = (body: unknown): body is JSONWebKeySet =>
  isJsonObject(body) && Array.isArray(body['keys']) && body['keys'].length > 0

async function refuseStrangers(server: SmokeServer): Promise<void> {
  const { status } = await server.send('/admin/clients?page_size=1')
  must(status === 401 || status === 403, `without a key the admin API answers ${status}`)
}

async function makeClient({ server, notices }: SmokeParts, { id, secret }: Held): Promise<void> {
  const json = {
    client_id: id,
    client_secret: secret,
    client_name: 'Smoke test, temporary',
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    response_types: ['code'],
    scope: SCOPE,
    redirect_uris: [REDIRECT_URI],
    post_logout_redirect_uris: [AFTER_LOGOUT],
    ...(notices !== undefined && {
      backchannel_logout_uri: notices.url,
      backchannel_logout_session_required: true,
    }),
  }
  await server.admin('/admin/clients', { method: 'POST', json }, 201)
}

const basic = ({ id, secret }: Held): Readonly<Record<string, string>> => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
})

const askForToken = (
  server: SmokeServer,
  held: Held,
  form: Readonly<Record<string, string>>,
): Promise<JsonObject> => server.json('/oauth2/token', { headers: basic(held), form })

async function expectActive(server: SmokeServer, token: string, active: boolean): Promise<void> {
  const answer = await server.admin('/admin/oauth2/introspect', { method: 'POST', form: { token } })
  must(answer['active'] === active, `introspection says active: ${String(answer['active'])}`)
}

async function machine(server: SmokeServer, held: Held): Promise<void> {
  const answer = await askForToken(server, held, { grant_type: 'client_credentials' })
  await expectActive(server, textOf(answer, 'access_token'), true)
}

function authorization({ id }: Held, challenge: string, more: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams({
    client_id: id,
    redirect_uri: REDIRECT_URI,
    response_type: 'code',
    scope: SCOPE,
    state: random(),
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...more,
  })
  return `/oauth2/auth?${query}`
}

/** Decides as the login app does, and returns where the browser goes next. */
async function decide(server: SmokeServer, flow: string, at: URL, json: unknown): Promise<string> {
  const challenge = encodeURIComponent(parameterOf(at, `${flow}_challenge`))
  const path = `/admin/oauth2/auth/requests/${flow}`
  await server.admin(`${path}?${flow}_challenge=${challenge}`)
  const accepted = await server.admin(`${path}/accept?${flow}_challenge=${challenge}`, {
    method: 'PUT',
    json,
  })
  return textOf(accepted, 'redirect_to')
}

async function logIn(server: SmokeServer, held: Held): Promise<void> {
  const { verifier, challenge } = pkce()
  const nonce = random()
  const atLogin = await server.visit(authorization(held, challenge, { nonce }))
  const login = { subject: held.subject, remember: true, remember_for: 600 }
  const atConsent = await server.visit(await decide(server, 'login', atLogin, login))
  const consent = { grant_scope: SCOPE.split(' '), remember: true, remember_for: 600 }
  const callback = await server.visit(await decide(server, 'consent', atConsent, consent))
  await redeem(server, held, callback, verifier)
  const { payload } = await verified(server, held, held.idToken, held.id)
  must(payload['nonce'] === nonce && payload.sub === held.subject, 'the ID token is of another login')
}

async function redeem(server: SmokeServer, held: Held, callback: URL, verifier: string): Promise<void> {
  const answer = await askForToken(server, held, {
    grant_type: 'authorization_code',
    code: parameterOf(callback, 'code'),
    redirect_uri: REDIRECT_URI,
    code_verifier: verifier,
  })
  held.accessToken = textOf(answer, 'access_token')
  held.refreshToken = textOf(answer, 'refresh_token')
  held.idToken = textOf(answer, 'id_token')
}

async function verified(server: SmokeServer, { keys }: Held, token: string, audience: string) {
  must(keys !== undefined, 'no keys were found before')
  const issuer = [server.issuer, `${server.issuer}/`]
  return jwtVerify(token, keys, { issuer, audience, clockTolerance: 60 })
}

async function userinfo(server: SmokeServer, { accessToken, subject }: Held): Promise<void> {
  const answer = await server.json('/userinfo', { headers: { authorization: `Bearer ${accessToken}` } })
  must(answer['sub'] === subject, 'userinfo speaks of somebody else')
}

async function refresh(server: SmokeServer, held: Held): Promise<void> {
  const answer = await askForToken(server, held, {
    grant_type: 'refresh_token',
    refresh_token: held.refreshToken,
  })
  held.accessToken = textOf(answer, 'access_token')
  held.refreshToken = textOf(answer, 'refresh_token')
}

async function revoke(server: SmokeServer, held: Held): Promise<void> {
  await server.json('/oauth2/revoke', { headers: basic(held), form: { token: held.refreshToken } })
  await expectActive(server, held.accessToken, false)
}

async function logInSilently(server: SmokeServer, held: Held): Promise<void> {
  const { verifier, challenge } = pkce()
  const callback = await throughApp(server, await server.visit(authorization(held, challenge, {})), held)
  await redeem(server, held, callback, verifier)
  await expectActive(server, held.accessToken, true)
}

/** The app is asked, and told that it may skip: the session and the consent are remembered. */
async function throughApp(server: SmokeServer, at: URL, { subject }: Held): Promise<URL> {
  if (!at.searchParams.has('login_challenge')) return at
  const atConsent = await server.visit(await decide(server, 'login', at, { subject }))
  if (!atConsent.searchParams.has('consent_challenge')) return atConsent
  return server.visit(await decide(server, 'consent', atConsent, { grant_scope: SCOPE.split(' ') }))
}

async function logOut(server: SmokeServer, held: Held): Promise<void> {
  const query = new URLSearchParams({
    id_token_hint: held.idToken,
    post_logout_redirect_uri: AFTER_LOGOUT,
    state: random(),
  })
  const asked = await server.visit(`/oauth2/sessions/logout?${query}`)
  const after = await server.visit(await decide(server, 'logout', asked, {}))
  must(after.href.startsWith(AFTER_LOGOUT), `the logout leads to ${after.origin}${after.pathname}`)
  const silent = await server.visit(authorization(held, pkce().challenge, { prompt: 'none' }))
  const error = silent.searchParams.get('error')
  must(error === 'login_required', `after the logout prompt=none gives ${error ?? 'a code'}`)
}

async function receive(notices: SmokeParts['notices'], server: SmokeServer, held: Held): Promise<void> {
  const token = await notices?.receiver.token
  must(token !== undefined, 'no notice arrived')
  const { payload } = await verified(server, held, token, held.id)
  must(payload.sub === held.subject, 'the notice is about somebody else')
}
