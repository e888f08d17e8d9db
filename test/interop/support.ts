import { Configuration, OAuth2Api } from '@ory/hydra-client'
import type { RunningServer } from '../support/server.ts'

/** Ory's own SDK against a running server, with the admin key as a header. */
export function adminSdk({ base, adminKey }: RunningServer): OAuth2Api {
  const headers = { Authorization: `Bearer ${adminKey}` }
  return new OAuth2Api(new Configuration({ basePath: base, baseOptions: { headers } }))
}

/** A browser that stops where the caller says: follows redirects by hand and keeps cookies. */
export class CookieBrowser {
  readonly #cookies = new Map<string, string>()

  /** Follows redirects until one leads to an address the caller waits for, and returns it. */
  async followTo(url: string, until: (address: URL) => boolean): Promise<URL> {
    let address = new URL(url)
    for (let hops = 0; hops < 10 && !until(address); hops += 1) {
      const response = await this.open(address.href)
      await response.arrayBuffer()
      const location = response.headers.get('location')
      if (location === null) throw new Error(`stuck at ${address.pathname} with ${response.status}`)
      address = new URL(location, address)
    }
    return address
  }

  /** Opens one page with the cookies it has, and follows nothing. */
  async open(url: string): Promise<Response> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, { redirect: 'manual', headers: { cookie } })
    for (const line of response.headers.getSetCookie()) this.#keep(line)
    return response
  }

  #keep(line: string): void {
    const [pair = ''] = line.split(';')
    const at = pair.indexOf('=')
    this.#cookies.set(pair.slice(0, at), pair.slice(at + 1))
  }
}

/** What a login and consent app built on Ory's SDK does: sees each challenge, accepts it, sends the browser on. */
export async function loginWithSdk(
  sdk: OAuth2Api,
  browser: CookieBrowser,
  authorizationUrl: string,
  redirectUri: string,
): Promise<URL> {
  const last = await acceptWithSdk(sdk, browser, authorizationUrl)
  return browser.followTo(last, (url) => url.href.startsWith(redirectUri))
}

/** The same up to the address that answers the application, which the browser has yet to open. */
export async function acceptWithSdk(
  sdk: OAuth2Api,
  browser: CookieBrowser,
  authorizationUrl: string,
): Promise<string> {
  const atLogin = await browser.followTo(authorizationUrl, (url) => url.searchParams.has('login_challenge'))
  const loginChallenge = atLogin.searchParams.get('login_challenge') ?? ''
  const login = await sdk.getOAuth2LoginRequest({ loginChallenge })
  const acceptedLogin = await sdk.acceptOAuth2LoginRequest({
    loginChallenge,
    acceptOAuth2LoginRequest: {
      subject: login.data.skip ? login.data.subject : 'foo@bar.com',
      remember: true,
      remember_for: 3600,
      acr: '0',
      context: { seen: login.data.session_id },
    },
  })
  const atConsent = await browser.followTo(acceptedLogin.data.redirect_to, (url) =>
    url.searchParams.has('consent_challenge'),
  )
  const consentChallenge = atConsent.searchParams.get('consent_challenge') ?? ''
  const consent = await sdk.getOAuth2ConsentRequest({ consentChallenge })
  const acceptedConsent = await sdk.acceptOAuth2ConsentRequest({
    consentChallenge,
    acceptOAuth2ConsentRequest: {
      grant_scope: consent.data.requested_scope ?? [],
      grant_access_token_audience: consent.data.requested_access_token_audience ?? [],
      remember: true,
      remember_for: 3600,
      session: { id_token: { email: consent.data.subject }, access_token: { tenant: 't1' } },
    },
  })
  return acceptedConsent.data.redirect_to
}
