import { type Lane, prepare } from '../generator/lane.ts'
import { basic, type Fields, formText, jsonText, requestText, type Site } from '../generator/site.ts'
import { Browser, pathOf } from './browser.ts'
import { CHALLENGE, type Machine, type OAuthServer, REDIRECT_URI } from './oauth-server.ts'

/** A server that speaks Hydra's API. */
export interface HydraServer {
  readonly site: Site
  readonly admin: Site
  readonly adminHeaders: Fields
  readonly roots: readonly number[]
}

const SECRET = 'bench-secret-of-32-characters-ok'
const APP = 'bench-app'

const CLIENTS = [
  {
    client_id: APP,
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    redirect_uris: [REDIRECT_URI],
    scope: 'openid offline_access',
  },
  { client_id: 'bench-opaque', grant_types: ['client_credentials'], access_token_strategy: 'opaque' },
  { client_id: 'bench-jwt', grant_types: ['client_credentials'], access_token_strategy: 'jwt' },
]

/** Registers the bench's clients and sends the first request of each kind, which makes keys. */
export async function registerClients({ site, admin, adminHeaders }: HydraServer): Promise<void> {
  await prepare(1, 1, async (lane) => {
    for (const client of CLIENTS) {
      const gone = requestText(admin, 'GET', `/admin/clients/${client.client_id}`, adminHeaders)
      if (await lane.ask(admin, gone, 200).then(Boolean, () => false)) continue
      const request = jsonText(
        admin,
        'POST',
        '/admin/clients',
        { ...client, client_secret: SECRET },
        adminHeaders,
      )
      await lane.ask(admin, request, 201)
    }
    const { headers, fields } = machine(site, [], 'bench-jwt')
    const form = formText(site, '/oauth2/token', { grant_type: 'client_credentials', ...fields }, headers)
    await lane.ask(site, form, 200)
  })
}

/** A client of its own of a server with Hydra's API. */
export const machine = (site: Site, roots: readonly number[], id: string): Machine => ({
  site,
  roots,
  headers: basic(id, SECRET),
  fields: {},
})

/** Hydra's API as the workloads know it. The login app's own requests to the server count: a login has six. */
export function hydraApi(
  { site, admin, adminHeaders, roots }: HydraServer,
  machines: OAuthServer['machines'],
): OAuthServer {
  return {
    site,
    roots,
    paths: {
      token: '/oauth2/token',
      discovery: '/.well-known/openid-configuration',
      jwks: '/.well-known/jwks.json',
      userinfo: '/userinfo',
      revoke: '/oauth2/revoke',
    },
    introspection: { site: admin, path: '/admin/oauth2/introspect', headers: adminHeaders },
    machines,
    app: { headers: basic(APP, SECRET), fields: {} },
    admin: { site: admin, headers: adminHeaders },
    identifies: true,
    userinfoNeedle: '"sub"',
    scope: (identified) => (identified ? 'openid offline_access' : 'offline_access'),
    login: async (lane, subject, scope) => {
      const browser = new Browser(lane, site)
      const decide = (step: 'login' | 'consent', challenge: string, body: unknown) =>
        accept(lane, admin, adminHeaders, step, challenge, body)
      const atLogin = await browser.next(authorization(scope), 'login_challenge')
      const afterLogin = await decide('login', atLogin, { subject })
      const atConsent = await browser.next(afterLogin, 'consent_challenge')
      const afterConsent = await decide('consent', atConsent, { grant_scope: scope.split(' ') })
      return browser.next(afterConsent, 'code')
    },
  }
}

function authorization(scope: string): string {
  const query = new URLSearchParams({
    client_id: APP,
    redirect_uri: REDIRECT_URI,
    response_type: 'code',
    scope,
    state: 'state-0123456789',
    nonce: 'nonce-0123456789',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
  })
  return `/oauth2/auth?${query}`
}

/** Accepts a challenge and returns the path to which the browser goes next. */
async function accept(
  lane: Lane,
  admin: Site,
  headers: Fields,
  step: 'login' | 'consent',
  challenge: string,
  body: unknown,
): Promise<string> {
  const path = `/admin/oauth2/auth/requests/${step}/accept?${step}_challenge=${encodeURIComponent(challenge)}`
  const answer = await lane.ask(admin, jsonText(admin, 'PUT', path, body, headers), 200, '"redirect_to"')
  const { redirect_to: next }: { redirect_to: string } = JSON.parse(answer.body)
  return pathOf(next)
}
