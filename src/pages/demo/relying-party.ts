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

/** The demo application: an ordinary relying party that happens to run beside its provider. */
export class RelyingParty {
  readonly #dispatch: Dispatch
  readonly #c: Context<AppEnv>
  readonly #base: string

  constructor(dispatch: Dispatch, c: Context<AppEnv>) {
    this.#dispatch = dispatch
    this.#c = c
    this.#base = c.var.ctx.rt.config.urls.public
  }

  get redirectUri(): string {
    return `${this.#base}/demo/callback`
  }

  /** Where a login begins (RFC 6749 section 4.1.1, OIDC Core section 3.1.2.1). */
  authorizationUrl({ state, nonce, verifier }: Pending): string {
    const query = new URLSearchParams({
      client_id: CLIENT_ID,
      response_type: 'code',
      redirect_uri: this.redirectUri,
      scope: SCOPE,
      state,
      nonce,
      code_challenge: toBase64url(sha256(verifier)),
      code_challenge_method: 'S256',
    })
    return `${this.#base}/oauth2/auth?${query}`
  }

  /** Where the user's login ends (OIDC RP-Initiated Logout 1.0 section 2). */
  logoutUrl(idToken: string | undefined): string {
    const url = `${this.#base}/oauth2/sessions/logout`
    if (idToken === undefined) return url
    const target = { post_logout_redirect_uri: `${this.#base}/`, state: 'logged-out' }
    return `${url}?${new URLSearchParams({ id_token_hint: idToken, ...target })}`
  }

  redeem(code: string, verifier: string): Promise<Reply> {
    const redirect = { redirect_uri: this.redirectUri, code_verifier: verifier }
    return this.#post('/oauth2/token', {
      grant_type: 'authorization_code',
      client_id: CLIENT_ID,
      code,
      ...redirect,
    })
  }

  refresh(token: string): Promise<Reply> {
    const form = { grant_type: 'refresh_token', client_id: CLIENT_ID, refresh_token: token }
    return this.#post('/oauth2/token', form)
  }

  revoke(token: string): Promise<Reply> {
    return this.#post('/oauth2/revoke', { client_id: CLIENT_ID, token })
  }

  userinfo(accessToken: string): Promise<Reply> {
    return this.#send('/userinfo', { headers: { authorization: `Bearer ${accessToken}` } })
  }

  /** Asks the admin API, as an API server would that was handed the token. */
  introspect(token: string): Promise<Reply> {
    const { keys } = this.#c.var.ctx.rt.config.admin
    const key = keys.find(({ scope }) => scope === 'introspect' || scope === 'all')?.key
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` }
    return this.#post('/admin/oauth2/introspect', { token }, headers)
  }

  /** The provider's public keys. */
  jwks(): Promise<Reply> {
    return this.#send('/.well-known/jwks.json', {})
  }

  #post(path: string, form: Record<string, string>, headers: Record<string, string> = {}): Promise<Reply> {
    return this.#send(path, { method: 'POST', body: new URLSearchParams(form), headers })
  }

  async #send(path: string, init: RequestInit): Promise<Reply> {
    const response = await this.#dispatch(new Request(`${this.#base}${path}`, init), this.#c)
    const body: unknown = await response.json().catch(() => null)
    return { status: response.status, body }
  }
}
