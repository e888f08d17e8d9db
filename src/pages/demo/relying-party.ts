import type { Context } from 'hono'
import type { AppEnv } from '../../context.ts'
import { randomText, toBase64url } from '../../util/base64url.ts'
import { sha256 } from '../../util/digest.ts'
import type { Pending } from './session.ts'

/** Id of the demo client, which `ladon dev` registers: a public client, so it depends on PKCE. */
export const CLIENT_ID = 'demo'

const SCOPE = 'openid offline_access profile email'

/** Passes a request to this server's own routes, as if it came over the network. */
export type Dispatch = (request: Request, c: Context<AppEnv>) => Promise<Response>

/** An endpoint's answer. */
export interface Reply {
  readonly status: number
  /** The JSON body; null if there is none. */
  readonly body: unknown
}

/** New secrets that protect one login: state, nonce and PKCE verifier (RFC 7636 section 4.1). */
export const newPending = (): Pending => ({
  state: randomText(32),
  nonce: randomText(32),
  verifier: randomText(32),
})

/** URL that starts a login (RFC 6749 section 4.1.1, OIDC Core section 3.1.2.1). */
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

/** URL that logs the user out (OIDC RP-Initiated Logout 1.0 section 2). */
export function logoutUrl(c: Context<AppEnv>, idToken: string | undefined): string {
  const url = `${baseOf(c)}/oauth2/sessions/logout`
  if (idToken === undefined) return url
  const target = { post_logout_redirect_uri: `${baseOf(c)}/`, state: 'logged-out' }
  return `${url}?${new URLSearchParams({ id_token_hint: idToken, ...target })}`
}

const baseOf = (c: Context<AppEnv>): string => c.var.ctx.rt.config.urls.public
const redirectUri = (c: Context<AppEnv>): string => `${baseOf(c)}/demo/callback`

/** The requests of the demo application: an ordinary relying party that happens to run on the provider's server. */
export type RelyingParty = ReturnType<typeof relyingParty>

/** The relying party for one request; `dispatch` passes its own requests to the provider. */
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
    /** Introspects by the admin API, as an API server does with a token that it gets. */
    introspect: (token: string) => {
      const { keys } = c.var.ctx.rt.config.admin
      const key = keys.find(({ scope }) => scope === 'introspect' || scope === 'all')?.key
      return post('/admin/oauth2/introspect', { token }, key === undefined ? {} : bearer(key))
    },
    /** Reads the provider's public keys. */
    jwks: () => send('/.well-known/jwks.json'),
  }
}

const bearer = (token: string): HeadersInit => ({ authorization: `Bearer ${token}` })
