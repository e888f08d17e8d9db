import { createHash } from 'node:crypto'
import type { Page } from 'playwright-core'
import type { RunningServer } from '../support/server.ts'

export const STATE = 'state-of-the-application'
export const NONCE = 'nonce-of-the-application'

const VERIFIER = 'verifier-of-an-application-in-the-browser-tests'
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url')

/** An application in the browser: a public client of a server. */
export class Application {
  readonly #server: RunningServer
  readonly id: string
  /** Scheme, host and port of its pages; it is called back at `/cb`, and after a logout at `/bye`. */
  readonly origin: string

  private constructor(server: RunningServer, id: string, origin: string) {
    this.#server = server
    this.id = id
    this.origin = origin
  }

  static async register(
    server: RunningServer,
    origin: string,
    metadata: Readonly<Record<string, unknown>> = {},
  ): Promise<Application> {
    const response = await fetch(`${server.base}/admin/clients`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.adminKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        client_name: 'The application',
        redirect_uris: [`${origin}/cb`],
        post_logout_redirect_uris: [`${origin}/bye`],
        grant_types: ['authorization_code', 'refresh_token', 'implicit'],
        response_types: ['code', 'id_token', 'code id_token'],
        scope: 'openid offline_access profile email',
        token_endpoint_auth_method: 'none',
        ...metadata,
      }),
    })
    const made: Record<string, unknown> = await response.json()
    if (response.status !== 201) throw new Error(JSON.stringify(made))
    return new Application(server, String(made['client_id']), origin)
  }

  authorizationUrl(changes: Readonly<Record<string, string>> = {}): string {
    const query = new URLSearchParams({
      client_id: this.id,
      redirect_uri: `${this.origin}/cb`,
      response_type: 'code',
      scope: 'openid',
      state: STATE,
      nonce: NONCE,
      code_challenge: CHALLENGE,
      code_challenge_method: 'S256',
      ...changes,
    })
    return `${this.#server.base}/oauth2/auth?${query}`
  }

  /** The ID token that a code gives. */
  async idToken(code: string | null): Promise<string> {
    const response = await fetch(`${this.#server.base}/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        client_id: this.id,
        code: code ?? '',
        redirect_uri: `${this.origin}/cb`,
        code_verifier: VERIFIER,
      }),
    })
    const tokens: Record<string, unknown> = await response.json()
    if (response.status !== 200) throw new Error(JSON.stringify(tokens))
    return String(tokens['id_token'])
  }

  logoutUrl(idToken: string): string {
    const query = new URLSearchParams({
      id_token_hint: idToken,
      post_logout_redirect_uri: `${this.origin}/bye`,
      state: STATE,
    })
    return `${this.#server.base}/oauth2/sessions/logout?${query}`
  }
}

export const press = (page: Page, name: string): Promise<void> =>
  page.getByRole('button', { name, exact: true }).click()

/** Fills in the built-in login page, to be remembered. */
export async function logIn(page: Page): Promise<void> {
  await page.getByLabel('User name').fill('demo')
  await page.getByLabel('Password').fill('demo')
  await page.getByLabel('Remember me').check()
  await press(page, 'Log in')
}

/** Agrees on the built-in consent page, for good. */
export async function consent(page: Page): Promise<void> {
  await page.getByLabel('Do not ask me again').check()
  await press(page, 'Allow')
}
