import { describe, expect, it } from 'vitest'
import { styleOf } from '../../src/pages/style.ts'
import { colorOf, contrast } from '../../src/util/contrast.ts'
import { Browser, bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import { authorizationPath, registerClient } from '../support/relying-party.ts'

const CREDENTIALS = { username: 'demo', password: 'demo', accept: 'true' }
const PICTURE = 'data:image/png;base64,AAAA'

/** The custom properties of a style sheet, in light and in dark. */
function themesOf(sheet: string): readonly Readonly<Record<string, string>>[] {
  const [light = '', dark = ''] = [...sheet.matchAll(/:root \{([^}]*)\}/g)].map(([, block]) => block)
  return [light, dark].map((block) =>
    Object.fromEntries(
      [...block.matchAll(/--([\w-]+): (#[0-9a-f]{3,6})/g)].map(([, name, color]) => [name, color]),
    ),
  )
}

const parsed = (text = ''): ReturnType<typeof colorOf> =>
  colorOf(text.length === 4 ? text.replace(/[0-9a-f]/g, '$&$&') : text)

/** Colors that anybody might set: the same each time, from a small generator. */
function* colors(count: number): Generator<string> {
  let seed = 20_261_128
  for (let made = 0; made < count; made += 1) {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    yield `#${(seed % 2 ** 24).toString(16).padStart(6, '0')}`
  }
}

describe('the color of a brand', () => {
  it('can be read, in light and in dark, whatever it is', () => {
    const tried = [...colors(200), '#000000', '#ffffff', '#ffff00', '#777777', '#2f5bd7']
    for (const color of tried) {
      const themes = themesOf(styleOf(color))
      expect(themes).toHaveLength(2)
      for (const theme of themes) {
        for (const ground of ['ground', 'card', 'shade', 'on-brand']) {
          const reached = contrast(parsed(theme['brand']), parsed(theme[ground]))
          expect(reached, `${color} as ${theme['brand']} on ${ground}`).toBeGreaterThanOrEqual(4.5)
        }
      }
    }
  })

  it('stays as it is where it can be read', () => {
    expect(themesOf(styleOf('#2f5bd7'))[0]?.['brand']).toBe('#2f5bd7')
    expect(themesOf(styleOf('#8aa9ff'))[1]?.['brand']).toBe('#8aa9ff')
  })

  it('has company that can be read, too', () => {
    for (const theme of themesOf(styleOf('#2f5bd7'))) {
      for (const [text, ground] of [
        ['ink', 'card'],
        ['ink', 'shade'],
        ['soft', 'card'],
        ['soft', 'ground'],
        ['soft', 'shade'],
        ['bad', 'bad-ground'],
        ['good', 'good-ground'],
        ['warn', 'warn-ground'],
      ] as const)
        expect(contrast(parsed(theme[text]), parsed(theme[ground])), `${text} on ${ground}`).toBeGreaterThan(
          4.5,
        )
      expect(contrast(parsed(theme['edge']), parsed(theme['card']))).toBeGreaterThan(3)
    }
  })
})

describe('the brand', () => {
  const acme = new Deployment(
    testEnv({
      BRAND_NAME: 'Acme <ID>',
      BRAND_LOGO: 'https://cdn.acme.example/logo.svg',
      BRAND_ICON: PICTURE,
      BRAND_COLOR: '#0b7a5c',
      BRAND_LINKS: '{"privacy":"https://acme.example/privacy","support":"mailto:help@acme.example"}',
    }),
  )

  it('is on every page: name, logo, icon, links, and nothing else may be loaded', async () => {
    for (const path of ['/', '/oauth2/fallbacks/login', '/oauth2/fallbacks/error']) {
      const page = await acme.fetch(path)
      const text = await page.text()
      expect(text).toMatch(/<title>[^<]* · Acme &lt;ID&gt;<\/title>/)
      expect(text).toContain('<img src="https://cdn.acme.example/logo.svg" alt=""')
      expect(text).toContain(`<link rel="icon" href="${PICTURE}">`)
      expect(text).toContain('<a href="https://acme.example/privacy">Privacy</a>')
      expect(text).toContain('<a href="mailto:help@acme.example">Help</a>')
      expect(text).not.toContain('>Terms<')
      const policy = page.headers.get('content-security-policy')
      expect(policy).toContain('; img-src data: https://cdn.acme.example;')
    }
  })

  it('stands below an application that has its own mark', async () => {
    const client = await registerClient(acme, { client_name: 'Shop' })
    const browser = new Browser(acme)
    const login = await browser.next(authorizationPath(client, { scope: 'openid' }))
    const text = await (await browser.visit(login.href)).text()
    const [main = '', footer = ''] = text.split('<footer>')
    expect(main).not.toContain('cdn.acme.example')
    expect(footer).toContain('cdn.acme.example')
  })

  it('colors the style sheet', async () => {
    const sheet = await (await acme.fetch('/oauth2/fallbacks/style.css')).text()
    expect(themesOf(sheet)[0]?.['brand']).toBe('#0b7a5c')
  })
})

describe('what a scope allows', () => {
  const TEXTS = {
    'invoices:read': { en: 'See your invoices', de: 'Ihre Rechnungen sehen' },
    constructor: 'Build',
  }
  const own = new Deployment(testEnv({ SCOPE_TEXTS: JSON.stringify(TEXTS) }))
  const scope = 'openid invoices:read constructor toString'

  async function consentPage(metadata: object, language: string): Promise<string> {
    const client = await registerClient(own, { scope, ...metadata })
    const browser = new Browser(own)
    const login = await browser.next(authorizationPath(client, { scope, ui_locales: language }))
    const form = { method: 'POST', body: new URLSearchParams(CREDENTIALS) }
    const consent = await browser.next((await browser.next(login.href, form)).href)
    return (await browser.visit(consent.href)).text()
  }

  it.each([
    ['de', 'Ihre Rechnungen sehen'],
    ['fr', 'See your invoices'],
  ])('is said in the words of the setting: %s', async (language, words) => {
    const page = await consentPage({}, language)
    expect(page).toContain(`<bdi>${words}</bdi>`)
    expect(page).toContain('<bdi>Build</bdi>')
    expect(page).toContain('<code dir="ltr">toString</code>')
  })

  it('is said in the words for the client, which count more, as plain text', async () => {
    const texts = { 'invoices:read': '<b>Some</b> invoices', openid: 'Greet you' }
    const page = await consentPage({ scope_descriptions: texts }, 'en')
    expect(page).toContain('<bdi>&lt;b&gt;Some&lt;/b&gt; invoices</bdi>')
    expect(page).toContain('<bdi>Greet you</bdi><small>Always needed to log in</small>')
    expect(page).not.toContain('See your invoices')
  })

  it('is kept with the client, and shown to apps', async () => {
    const texts = { 'invoices:read': { ja: '請求書の表示' } }
    const { id } = await registerClient(own, { scope_descriptions: texts })
    const answer = await own.admin('GET', `/admin/clients/${id}`)
    expect(await bodyOf(answer)).toMatchObject({ scope_descriptions: texts })
  })

  it.each([
    [{ 'a b': 'x' }],
    [{ a: '' }],
    [{ a: 'x'.repeat(201) }],
    [{ a: 'hidden\u202etext' }],
    [{ a: { english: '' } }],
    [{ a: ['x'] }],
    ['x'],
    [Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`s${index}`, 'x']))],
  ])('is refused in the form %j', async (scope_descriptions) => {
    const answer = await own.admin('POST', '/admin/clients', { scope_descriptions })
    expect([answer.status, await bodyOf(answer)]).toEqual([
      400,
      expect.objectContaining({ error: 'invalid_client_metadata' }),
    ])
  })
})
