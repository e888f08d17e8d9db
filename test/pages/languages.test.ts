import { beforeAll, describe, expect, it } from 'vitest'
import { LANGUAGES, textsOf } from '../../src/languages/languages.ts'
import { Browser, Deployment } from '../support/deployment.ts'
import { authorizationPath, parameter, registerClient, type TestClient } from '../support/relying-party.ts'

const deployment = new Deployment()
let shop: TestClient

beforeAll(async () => {
  shop = await registerClient(deployment, { client_name: 'Shop', 'client_name#de': 'Laden' })
})

const WANTS_ENGLISH = { headers: { 'accept-language': 'en', accept: 'text/html' } }
const CREDENTIALS = { username: 'demo', password: 'demo', remember: 'true', accept: 'true' }

const posted = (fields: Readonly<Record<string, string>>): RequestInit => ({
  ...WANTS_ENGLISH,
  method: 'POST',
  body: new URLSearchParams(fields),
})

/** The language of a page by its root, by its header, and whether it is written from the right. */
async function languageOf(page: Response): Promise<readonly (string | undefined | null)[]> {
  const [, lang, dir] = /<html lang="(\w+)" dir="(\w+)">/.exec(await page.text()) ?? []
  return [lang, page.headers.get('content-language'), dir]
}

const written = (language: string): readonly string[] => [
  language,
  language,
  language === 'ar' ? 'rtl' : 'ltr',
]

describe('the language of a request', () => {
  it.each(LANGUAGES)('%s: goes with it over every page', async (language) => {
    const browser = new Browser(deployment)
    const visit = (url: URL): Promise<Response> => browser.visit(url.href, WANTS_ENGLISH)
    const login = await browser.next(
      authorizationPath(shop, { scope: 'openid', ui_locales: `xx ${language}` }),
    )
    expect(await languageOf(await visit(login))).toEqual(written(language))
    const refused = await browser.visit(login.href, posted({ username: 'bob', password: 'x' }))
    expect(await languageOf(refused)).toEqual(written(language))
    const consent = await browser.next((await browser.next(login.href, posted(CREDENTIALS))).href)
    expect(await languageOf(await visit(consent))).toEqual(written(language))
    const logout = await browser.next(`/oauth2/sessions/logout?ui_locales=${language}`)
    expect(await languageOf(await visit(logout))).toEqual(written(language))
    expect(await languageOf(await browser.visit(logout.href, posted({ reject: 'true' })))).toEqual(
      written(language),
    )
  })

  it.each(LANGUAGES)('%s: is that of the error page that it ends at', async (language) => {
    const changes = { redirect_uri: 'https://evil.example/', ui_locales: language }
    const at = await new Browser(deployment).next(authorizationPath(shop, changes))
    const page = await deployment.fetch(at.href, WANTS_ENGLISH)
    const text = await page.clone().text()
    expect(await languageOf(page)).toEqual(written(language))
    expect(text).toContain(textsOf(language).forDevelopers)
    expect(text).not.toMatch(language === 'en' ? /^$/ : /could not|Details for developers|Only the people/)
  })

  it('is that of the page after a logout', async () => {
    const browser = new Browser(deployment)
    const login = await browser.next(authorizationPath(shop, { scope: 'openid' }))
    await browser.next((await browser.next(login.href, posted(CREDENTIALS))).href)
    for (const language of ['es', 'ja']) {
      // The second time there is no session left to ask about.
      let at = await browser.next(`/oauth2/sessions/logout?ui_locales=${language}`)
      if (at.pathname === '/ui/logout')
        at = await browser.next((await browser.next(at.href, posted({ accept: 'true' }))).href)
      expect(at.pathname).toBe('/oauth2/fallbacks/logout/callback')
      expect(await languageOf(await browser.visit(at.href, WANTS_ENGLISH))).toEqual(written(language))
    }
  })

  it('does not keep a page about a failure from being shown, however much it asks for', async () => {
    const changes = { redirect_uri: 'https://evil.example/', ui_locales: 'xx '.repeat(600) }
    const at = await new Browser(deployment).next(authorizationPath(shop, changes))
    expect(await languageOf(await deployment.fetch(at.href, WANTS_ENGLISH))).toEqual(written('en'))
  })

  it('of a form that is posted by itself is that of the request', async () => {
    const browser = new Browser(deployment)
    const changes = { scope: 'openid', ui_locales: 'fr', response_mode: 'form_post' }
    const login = await browser.next(authorizationPath(shop, changes))
    const onward = await browser.next(login.href, posted({ reject: 'true' }))
    const page = await browser.visit(onward.href, WANTS_ENGLISH)
    expect(await languageOf(page)).toEqual(written('fr'))
  })

  it('names the application as it is called there', async () => {
    const browser = new Browser(deployment)
    const login = await browser.next(authorizationPath(shop, { scope: 'openid', ui_locales: 'de-AT' }))
    expect(await (await browser.visit(login.href)).text()).toContain(
      'Weiter zu <strong><bdi>Laden</bdi></strong>',
    )
  })
})

describe('the language of a browser', () => {
  it.each([
    '/',
    '/oauth2/fallbacks/login',
    '/oauth2/fallbacks/error',
    '/oauth2/fallbacks/device/done',
    '/ui/login?login_challenge=none',
    '/nowhere',
  ])('counts where no request says another: %s', async (path) => {
    for (const language of LANGUAGES) {
      const headers = { 'accept-language': `xx, ${language};q=0.5`, accept: 'text/html' }
      expect(await languageOf(await deployment.fetch(path, { headers }))).toEqual(written(language))
    }
  })

  it('counts on the pages of a device', async () => {
    const browser = new Browser(deployment)
    const at = await browser.next('/oauth2/device/verify')
    const page = await browser.visit(at.href, { headers: { 'accept-language': 'ja' } })
    expect(await languageOf(page)).toEqual(written('ja'))
    expect(parameter(at, 'device_challenge')).not.toBe('')
  })
})

it.each(LANGUAGES)('times are written in %s', async (language) => {
  const headers = { 'accept-language': language }
  const at = await new Browser(deployment).next('/oauth2/auth?client_id=nobody', { headers })
  const page = await (await deployment.fetch(at.href)).text()
  const [, time = '', shown = ''] = /<time datetime="([^"]*)">([^<]*)</.exec(page) ?? []
  expect(shown).toBe(
    new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'long', timeZone: 'UTC' }).format(
      new Date(time),
    ),
  )
  expect(
    new Set(LANGUAGES.map((other) => new Intl.DateTimeFormat(other, { dateStyle: 'medium' }).format(0))).size,
  ).toBe(LANGUAGES.length)
})
