import type { Context } from 'hono'
import type { AppEnv } from '../../context.ts'
import { randomText, toBase64url } from '../../util/base64url.ts'
import { sha256 } from '../../util/digest.ts'
import type { Pending } from './session.ts'

/** The demo client, as `ladon dev` registers it: public, so PKCE is its protection. */
export const CLIENT_ID = 'demo'

const SCOPE = 'openid offline_access profile email'

/** Hands a request to this server's own routes, as if it came over the network. */
export type Dispatch = (request: Request, c: Context<AppEnv>) => Promise<Response>

/** What an endpoint answered. */
export interface Reply {
  readonly status: number
  /** The JSON body; null when there is none. */
  readonly body: unknown
}

/** Fresh protection for one login: state, nonce and PKCE verifier (RFC 7636 section 4.1). */
export const newPending = (): Pending => ({
  state: randomText(32),
  nonce: randomText(32),
  verifier: randomText(32),
})

/** Where a login begins (RFC 6749 section 4.1.1, OIDC Core section 3.1.2.1). */
export function authorizationUrl(c: Context<AppEnv>, { state, nonce, verifier }: Pending): string {
  const query = new URLSearchParams({
    client_id: CLIENT_ID,
    response_type: 'code',
    redirect_uri: redirectUri(c),
    scope: SCOPE,
    state,
    nonce,
    code_challenge: toBase64url(sha256(verifier)),
    code_challenge_method: 'S256',
  })
  return `${baseOf(c)}/oauth2/auth?${query}`
}

/** Where the user's login ends (OIDC RP-Initiated Logout 1.0 section 2). */
export function logoutUrl(c: Context<AppEnv>, idToken: string | undefined): string {
  const url = `${baseOf(c)}/oauth2/sessions/logout`
  if (idToken === undefined) return url
  const target = { post_logout_redirect_uri: `${baseOf(c)}/`, state: 'logged-out' }
  return `${url}?${new URLSearchParams({ id_token_hint: idToken, ...target })}`
}

const baseOf = (c: Context<AppEnv>): string => c.var.ctx.rt.config.urls.public
const redirectUri = (c: Context<AppEnv>): string => `${baseOf(c)}/demo/callback`

/** What the demo application asks its provider: an ordinary relying party that happens to run beside it. */
export type RelyingParty = ReturnType<typeof relyingParty>

/** The relying party of one request; `dispatch` hands its own requests to the provider. */
export function relyingParty(dispatch: Dispatch, c: Context<AppEnv>) {
  const send = async (path: string, init: RequestInit = {}): Promise<Reply> => {
    const response = await dispatch(new Request(`${baseOf(c)}${path}`, init), c)
    const body: unknown = await response.json().catch(() => null)
    return { status: response.status, body }
  }
  const post = (path: string, form: Record<string, string>, headers: HeadersInit = {}): Promise<Reply> =>
    send(path, { method: 'POST', body: new URLSearchParams({ client_id: CLIENT_ID, ...form }), headers })
  return {
    redeem: (code: string, verifier: string) =>
      post('/oauth2/token', {
        grant_type: 'authorization_code',
        code,
        redirect_uri: redirectUri(c),
        code_verifier: verifier,
      }),
    refresh: (token: string) => post('/oauth2/token', { grant_type: 'refresh_token', refresh_token: token }),
    revoke: (token: string) => post('/oauth2/revoke', { token }),
    userinfo: (token: string) => send('/userinfo', { headers: bearer(token) }),
    /** Asks the admin API, as an API server would that was handed the token. */
    introspect: (token: string) => {
      const { keys } = c.var.ctx.rt.config.admin
      const key = keys.find(({ scope }) => scope === 'introspect' || scope === 'all')?.key
      return post('/admin/oauth2/introspect', { token }, key === undefined ? {} : bearer(key))
    },
    /** The provider's public keys. */
    jwks: () => send('/.well-known/jwks.json'),
  }
}

const bearer = (token: string): HeadersInit => ({ authorization: `Bearer ${token}` })
