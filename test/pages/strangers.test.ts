import { describe, expect, it } from 'vitest'
import { LANGUAGES, textsOf } from '../../src/languages/languages.ts'
import { Browser, bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import { DEVICE_GRANT, startDevice } from '../support/device.ts'
import {
  authorizationPath,
  logIn,
  parameter,
  REDIRECT_URI,
  registerClient,
  type TestClient,
} from '../support/relying-party.ts'

const deployment = new Deployment(
  testEnv({
    OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true',
    BRAND_LOGO: 'https://cdn.acme.example/logo.svg',
    BRAND_ICON: 'https://cdn.acme.example/icon.svg',
  }),
)

const MESSAGE = 'Acme ID: your account is locked, sign in again at'
const EVIL = 'https://evil.example'

/** Registers a client as anybody can. */
async function registerItself(metadata: object): Promise<TestClient> {
  const body = { redirect_uris: [REDIRECT_URI], grant_types: ['authorization_code'], ...metadata }
  const answer = await deployment.fetch('/oauth2/register', { method: 'POST', body: JSON.stringify(body) })
  const client = await bodyOf(answer)
  expect(answer.status).toBe(201)
  return { id: String(client['client_id']), secret: String(client['client_secret']) }
}

/** What a client did to itself, with its registration access token. */
async function registration(metadata: object) {
  const send = async (path: string, method: string, body: object, headers = {}) =>
    bodyOf(await deployment.fetch(path, { method, headers, body: JSON.stringify(body) }))
  const made = await send('/oauth2/register', 'POST', metadata)
  const id = String(made['client_id'])
  let token = String(made['registration_access_token'])
  const change = async (changes: object): Promise<void> => {
    const headers = { authorization: `Bearer ${token}` }
    const changed = await send(`/oauth2/register/${id}`, 'PUT', { ...metadata, ...changes }, headers)
    expect(changed).toMatchObject({ client_id: id })
    token = String(changed['registration_access_token'])
  }
  return { id, secret: '', change }
}

/** The page that a request with a wrong redirect URI ends at. */
async function errorPage(client: TestClient): Promise<string> {
  const changes = { redirect_uri: 'https://nope.example/' }
  const at = await new Browser(deployment).next(authorizationPath(client, changes))
  return (await deployment.fetch(at.href)).text()
}

const CREDENTIALS = {
  method: 'POST',
  body: new URLSearchParams({ username: 'demo', password: 'demo', accept: 'true' }),
}

/** The login and the consent page of a request. */
async function pagesOf(path: string): Promise<{ login: string; consent: string; challenge: string }> {
  const browser = new Browser(deployment)
  const login = await browser.next(path)
  const loginPage = await (await browser.visit(login.href)).text()
  const consent = await browser.next((await browser.next(login.href, CREDENTIALS)).href)
  const consentPage = await (await browser.visit(consent.href)).text()
  return { login: loginPage, consent: consentPage, challenge: parameter(consent, 'consent_challenge') }
}

describe('the error page', () => {
  const metadata = { client_name: MESSAGE, client_uri: `${EVIL}/`, redirect_uris: [`${EVIL}/cb`] }

  it('neither names a client that registered itself, nor leads to it', async () => {
    const client = await registerItself(metadata)
    const page = await errorPage(client)
    expect(page).toContain('<h1>Something went wrong</h1>')
    expect(page).toContain('Only the people who run the application can fix it.')
    expect(page).not.toMatch(/locked|evil/)
    expect(page).not.toContain('class="button"')
  })

  it('does so once an admin took it over', async () => {
    const client = await registerItself({ ...metadata, client_name: 'Shop' })
    await deployment.admin('PUT', `/admin/clients/${client.id}`, { ...metadata, client_name: 'Shop' })
    const page = await errorPage(client)
    expect(page).toContain('<h1><bdi>Shop</bdi> could not log you in</h1>')
    expect(page).toContain(`<a class="button" href="${EVIL}/">Back to <bdi>Shop</bdi></a>`)
  })

  it.each([
    ['https://evil.example/', false],
    ['https://app.example.evil.example/', false],
    ['https://example/', false],
    ['http://app.example/', false],
    ['https://app.example/', true],
    ['https://app.example:8443/start', true],
  ])('leads back to a host of the application alone: %s', async (client_uri, leads) => {
    const page = await errorPage(await registerClient(deployment, { client_name: 'Shop', client_uri }))
    expect(page).toContain('could not log you in')
    expect(page.includes('class="button"')).toBe(leads)
  })
})

describe('the name of an application', () => {
  it.each([
    ['a'.repeat(60), 'a'.repeat(60)],
    ['a'.repeat(61), `${'a'.repeat(59)}…`],
    ['🦊'.repeat(61), `${'🦊'.repeat(59)}…`],
  ])('is cut where it is as long as a message: %s', async (client_name, shown) => {
    const client = await registerClient(deployment, { client_name })
    const { login } = await pagesOf(authorizationPath(client, { scope: 'openid' }))
    expect(login).toContain(`Continue to <strong><bdi>${shown}</bdi></strong>`)
    const stranger = await registerItself({ client_name })
    const { consent } = await pagesOf(authorizationPath(stranger, { scope: 'openid' }))
    expect(consent).toContain(`calls itself <strong><bdi>${shown}</bdi></strong>`)
  })
})

describe('an application that registered itself', () => {
  const metadata = { client_name: 'Google', redirect_uris: [`${EVIL}/cb`] }
  const asked = { scope: 'openid', redirect_uri: `${EVIL}/cb` }

  it.each(LANGUAGES)(
    'goes by the host that gets its answers, and its name is a claim: %s',
    async (language) => {
      const texts = textsOf(language)
      const client = await registerItself(metadata)
      const { login, consent } = await pagesOf(authorizationPath(client, { ...asked, ui_locales: language }))
      expect(login).toContain('<strong><bdi>evil.example</bdi></strong>')
      expect(login).not.toContain('Google')
      expect(consent).toContain(`<h1>${texts.wantsAccess.replace('{app}', '<bdi>evil.example</bdi>')}</h1>`)
      const note = texts.registeredItself
        .replace('{name}', '<strong><bdi>Google</bdi></strong>')
        .replace('{brand}', '<bdi>Ladon</bdi>')
      expect(consent.replace(`<p class="caution">${note}</p>`, '')).not.toContain('Google')
    },
  )

  it.each([
    [`${EVIL}/cb`, true],
    [REDIRECT_URI, false],
    ['http://localhost/cb', false],
  ])('shows a logo of the host that gets its answers alone: %s, %s', async (redirect_uri, shown) => {
    const redirect_uris = [`${EVIL}/cb`, REDIRECT_URI, 'http://localhost/cb']
    const client = await registerItself({ ...metadata, redirect_uris, logo_uri: `${EVIL}/logo.png` })
    const { login, consent } = await pagesOf(authorizationPath(client, { ...asked, redirect_uri }))
    expect([login.includes('logo.png'), consent.includes('logo.png')]).toEqual([shown, shown])
  })

  it.each([
    ['https://evil.example:8443/cb', 'evil.example'],
    ['https://google.com@evil.example/cb', 'evil.example'],
    ['https://xn--ggle-0nda.com/cb', 'xn--ggle-0nda.com'],
    ['http://127.0.0.1:8080/cb', undefined],
    ['http://localhost/cb', undefined],
    ['com.example.app:/cb', undefined],
  ])('is told to apps with the host of %s', async (redirect_uri, host) => {
    const client = await registerItself({ ...metadata, redirect_uris: [redirect_uri, REDIRECT_URI] })
    const path = authorizationPath(client, { scope: 'openid', redirect_uri })
    const { login, consent, challenge } = await pagesOf(path)
    const request = `oauth2/auth/requests/consent?consent_challenge=${challenge}`
    const view = await bodyOf(await deployment.admin('GET', `/admin/${request}`))
    expect(view['registered_itself']).toEqual(host === undefined ? {} : { answers_to: host })
    const heading = host === undefined ? 'An application' : `<bdi>${host}</bdi>`
    expect(consent).toContain(`<h1>${heading} wants to use your account</h1>`)
    expect(login.includes('Continue to')).toBe(host !== undefined)
    expect(login).not.toContain('Google')
  })

  it('is an application like others once an admin changed it', async () => {
    const client = await registerItself(metadata)
    await deployment.admin('PUT', `/admin/clients/${client.id}`, metadata)
    const { consent, challenge } = await pagesOf(authorizationPath(client, asked))
    expect(consent).toContain('<h1><bdi>Google</bdi> wants to use your account</h1>')
    expect(consent).not.toContain('class="caution"')
    const request = `oauth2/auth/requests/consent?consent_challenge=${challenge}`
    const view = await bodyOf(await deployment.admin('GET', `/admin/${request}`))
    expect(view).not.toHaveProperty('registered_itself')
  })

  const calendar = { client_name: 'Calendar', redirect_uris: [`${EVIL}/cb`, `${EVIL}/other`] }

  /** Whether the consent page goes by the client's host, as it does for those that nobody reviewed. */
  async function isStranger(client: TestClient): Promise<boolean> {
    const { consent } = await pagesOf(authorizationPath(client, asked))
    const goesByHost = consent.includes('<h1><bdi>evil.example</bdi> wants to use your account</h1>')
    expect(consent.includes('class="caution"')).toBe(goesByHost)
    return goesByHost
  }

  it.each<[object, boolean]>([
    [{ client_name: 'Google' }, true],
    [{ 'client_name#de': 'Google' }, true],
    [{ logo_uri: `${EVIL}/google.png` }, true],
    [{ client_uri: `${EVIL}/` }, true],
    [{ policy_uri: `${EVIL}/` }, true],
    [{ tos_uri: `${EVIL}/` }, true],
    [{ redirect_uris: [`${EVIL}/cb`] }, true],
    [{ contacts: [], redirect_uris: calendar.redirect_uris.toReversed() }, false],
    [{ scope: 'openid', software_version: '2' }, false],
  ])('is a stranger again once it changes what an admin saw: %j, %s', async (changes, again) => {
    const client = await registration(calendar)
    const path = `/admin/clients/${client.id}`
    await deployment.admin('PUT', path, { ...calendar, scope: 'openid' })
    expect(await isStranger(client)).toBe(false)
    await client.change(changes)
    expect(await isStranger(client)).toBe(again)
    await client.change({ ...changes, software_version: '3' })
    expect(await isStranger(client)).toBe(again)
    await deployment.admin('PUT', path, { ...calendar, ...changes, scope: 'openid' })
    expect(await isStranger(client)).toBe(false)
  })

  it('stays one while admins change only some of it', async () => {
    const client = await registration(calendar)
    const path = `/admin/clients/${client.id}`
    const patch = [{ op: 'add', path: '/owner', value: 'team' }]
    const changes: readonly (readonly [string, string, unknown])[] = [
      ['PATCH', path, patch],
      ['PUT', `${path}/lifespans`, {}],
      ['PUT', path.replace('/admin', ''), calendar],
    ]
    const all = async (expected: boolean): Promise<void> => {
      for (const [method, at, body] of changes) {
        expect((await deployment.admin(method, at, body)).status).toBe(200)
        expect(await isStranger(client), `${method} ${at}`).toBe(expected)
      }
    }
    await all(true)
    await deployment.admin('PUT', path, { ...calendar, 'client_name#de': 'Kalender' })
    await all(false)
    await client.change({ 'client_name#de': 'Google' })
    await all(true)
  })

  it('leads to policy and terms on its own hosts alone', async () => {
    const links = { policy_uri: `${EVIL}/policy`, tos_uri: 'https://phish.example/terms' }
    const { consent } = await pagesOf(
      authorizationPath(await registerItself({ ...metadata, ...links }), asked),
    )
    expect(consent).toContain(`<a href="${EVIL}/policy">Privacy policy</a>`)
    expect(consent).not.toContain('phish.example')
  })

  it('is not named where a device is connected, whatever redirect URIs it has', async () => {
    const client = await registerItself({ ...metadata, grant_types: ['authorization_code', DEVICE_GRANT] })
    const device = await startDevice(deployment, client, { scope: 'openid' })
    const browser = new Browser(deployment)
    const at = await browser.next(device.verification_uri_complete)
    const page = await browser.visit(at.href, { headers: { 'sec-fetch-site': 'none' } })
    expect(await page.text()).toContain('<h1>Connect a device</h1>')
    const code = { method: 'POST', body: new URLSearchParams({ user_code: device.user_code }) }
    const login = await browser.next((await browser.next(at.href, code)).href)
    const consent = await browser.next((await browser.next(login.href, CREDENTIALS)).href)
    const asks = await (await browser.visit(consent.href)).text()
    expect(asks).toContain('<h1>An application wants to use your account</h1>')
    expect(asks).toContain('calls itself <strong><bdi>Google</bdi></strong>')
    expect(asks).toContain('<legend>The application will be able to:</legend>')
    expect(asks).not.toContain('evil.example')
  })

  it('is named neither where it asks to log out, nor where it is posted an answer', async () => {
    const client = await registerItself({ ...metadata, redirect_uris: [REDIRECT_URI] })
    const browser = new Browser(deployment)
    const { id_token } = await logIn(deployment, client, {
      browser,
      request: { scope: 'openid' },
      login: { remember: true },
    })
    const logout = await browser.next(`/oauth2/sessions/logout?id_token_hint=${id_token}`)
    const asks = await (await browser.visit(logout.href)).text()
    expect(asks).toContain('<h1>Log out?</h1>')
    const changes = { response_mode: 'form_post', prompt: 'none' }
    const posts = await (await new Browser(deployment).visit(authorizationPath(client, changes))).text()
    expect(posts).toContain('<h1>Continue to <bdi>app.example</bdi></h1>')
    expect(`${asks}${posts}`).not.toContain('Google')
  })
})

describe('the logo of an application', () => {
  it.each([
    [[REDIRECT_URI], 'https://evil.example/logo.png', false],
    [[], 'https://app.example/logo.png', false],
    [['http://localhost/cb'], 'https://localhost/logo.png', false],
    [[REDIRECT_URI], 'https://app.example/logo.png', true],
    [['https://www.app.example/', REDIRECT_URI], 'https://app.example/logo.png', true],
  ])('with the redirect URIs %j is shown only from one of their hosts: %s', async (uris, logo_uri, shown) => {
    const client = await registerClient(deployment, {
      redirect_uris: [...uris, 'com.example.app:/cb'],
      logo_uri,
    })
    const browser = new Browser(deployment)
    const redirect_uri = 'com.example.app:/cb'
    const login = await browser.next(authorizationPath(client, { scope: 'openid', redirect_uri }))
    const response = await browser.visit(login.href)
    const [main = ''] = (await response.text()).split('<footer>')
    expect(main.includes('<img')).toBe(shown)
    expect(response.headers.get('content-security-policy')?.includes(new URL(logo_uri).origin)).toBe(shown)
  })
})

describe('the page that posts an answer', () => {
  it('loads no picture: no other host learns of each login', async () => {
    const client = await registerClient(deployment, { logo_uri: 'https://app.example/logo.png' })
    const changes = { response_mode: 'form_post', prompt: 'none' }
    const response = await new Browser(deployment).visit(authorizationPath(client, changes))
    const page = await response.text()
    expect(page).toContain(`action="${REDIRECT_URI}"`)
    expect(page).not.toMatch(/<img|cdn\.acme|logo/)
    expect(response.headers.get('content-security-policy')).toMatch(/; img-src data:;/)
  })
})
