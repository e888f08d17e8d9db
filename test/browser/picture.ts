/**
 * Draws `docs/pages.png`, the login and the consent page side by side as a development server shows them.
 *
 *     npm run picture
 */
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { chromium, type Page } from 'playwright-core'
import { findChromium } from '../../src/dev/chromium.ts'
import { startServer } from '../support/server.ts'

const PICTURE = fileURLToPath(new URL('../../docs/pages.png', import.meta.url))

/** How large one page is, in CSS pixels, and how many pixels of the picture each has. */
const PAGE = { width: 484, height: 676 }
const SCALE = 1

const CLIENT = {
  client_id: 'photos',
  client_name: 'Photos',
  redirect_uris: ['https://photos.example/callback'],
  grant_types: ['authorization_code', 'refresh_token'],
  token_endpoint_auth_method: 'none',
  scope: 'openid email',
}

const REQUEST = new URLSearchParams({
  client_id: CLIENT.client_id,
  redirect_uri: 'https://photos.example/callback',
  response_type: 'code',
  scope: CLIENT.scope,
  state: 'state-0123456789',
  code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  code_challenge_method: 'S256',
})

const server = await startServer()
const browser = await chromium.launch({
  executablePath: findChromium() ?? '',
  args: ['--no-sandbox', '--disable-gpu'],
})
try {
  const init = {
    method: 'POST',
    headers: { authorization: `Bearer ${server.adminKey}` },
    body: JSON.stringify(CLIENT),
  }
  if ((await fetch(`${server.base}/admin/clients`, init)).status !== 201) throw new Error(server.output())
  const context = await browser.newContext({ viewport: PAGE, deviceScaleFactor: SCALE, colorScheme: 'light' })
  const page = await context.newPage()
  await page.goto(`${server.base}/oauth2/auth?${REQUEST}`)
  await page.locator('[name=username]').fill('demo')
  await page.locator('[name=password]').fill('demo')
  const login = await shot(page)
  await Promise.all([page.waitForEvent('load'), page.locator('[name=accept]').click()])
  const consent = await shot(page)
  const sheet = await context.newPage()
  await sheet.setViewportSize({ ...PAGE, width: 2 * PAGE.width })
  const images = [login, consent].map((url) => `<img src="${url}" width="${PAGE.width}" alt="">`)
  await sheet.setContent(`<body style="margin:0;display:flex">${images.join('')}`, { waitUntil: 'load' })
  await writeFile(PICTURE, await sheet.screenshot())
} finally {
  await browser.close()
  await server.stop()
}

/** Returns what a page shows, as the address of an image, without a blinking cursor. */
async function shot(page: Page): Promise<string> {
  await page.evaluate('document.activeElement?.blur()')
  const png = await page.screenshot({ caret: 'hide' })
  return `data:image/png;base64,${png.toString('base64')}`
}
