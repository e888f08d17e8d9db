import { describe, expect, it } from 'vitest'
import { Browser, bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import { authorizationPath, REDIRECT_URI, registerClient, type TestClient } from '../support/relying-party.ts'

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

/** The page that a request with a wrong redirect URI ends at. */
async function errorPage(client: TestClient): Promise<string> {
  const changes = { redirect_uri: 'https://nope.example/' }
  const at = await new Browser(deployment).next(authorizationPath(client, changes))
  return (await deployment.fetch(at.href)).text()
}

async function loginPage(client: TestClient): Promise<Response> {
  const browser = new Browser(deployment)
  return browser.visit((await browser.next(authorizationPath(client, { scope: 'openid' }))).href)
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
    const page = await (await loginPage(await registerItself({ client_name }))).text()
    expect(page).toContain(`Continue to <strong><bdi>${shown}</bdi></strong>`)
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
