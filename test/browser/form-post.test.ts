import { decodeJwt } from 'jose'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningServer, startServer } from '../support/server.ts'
import { type Site, startSite } from '../support/site.ts'
import { Application, consent, logIn, NONCE, press, STATE } from './application.ts'
import { inspect, launch, openPage } from './browser.ts'

let server: RunningServer
let browser: Browser
let site: Site

beforeAll(async () => {
  browser = await launch()
  // Another site than the server's localhost.
  site = await startSite('127.0.0.1')
  server = await startServer()
})

afterAll(async () => {
  await browser?.close()
  await Promise.all([server?.stop(), site?.stop()])
})

const HYBRID = { response_type: 'code id_token', response_mode: 'form_post' }

describe('form_post', () => {
  it('goes to the application by itself, in the same window, and leaves no page behind', async () => {
    const application = await Application.register(server, site.origin)
    const page = await openPage(browser)
    await page.goto(application.authorizationUrl(HYBRID))
    await logIn(page)
    await consent(page)
    const { form, url, headers } = await site.next('POST', '/cb')
    expect(url.search).toBe('')
    expect(headers['referer']).toBeUndefined()
    expect(Object.fromEntries(form)).toMatchObject({ state: STATE, iss: server.base })
    expect(decodeJwt(form.get('id_token') ?? '')).toMatchObject({ sub: 'demo', nonce: NONCE })
    expect(decodeJwt(await application.idToken(form.get('code')))).toMatchObject({ sub: 'demo' })
    await page.waitForURL(`${site.origin}/cb`)
    await page.context().close()
  })

  it('has a button where there is no JavaScript', async () => {
    const application = await Application.register(server, site.origin)
    const page = await openPage(browser, { javaScriptEnabled: false })
    await page.goto(application.authorizationUrl(HYBRID))
    await logIn(page)
    await consent(page)
    await press(page, 'Continue')
    const { form } = await site.next('POST', '/cb')
    expect(decodeJwt(await application.idToken(form.get('code')))).toMatchObject({ sub: 'demo' })
    await page.context().close()
  })

  it('has a button that the keyboard reaches, and posts errors too', async () => {
    const application = await Application.register(server, site.origin)
    const page = await openPage(browser, { javaScriptEnabled: false })
    await page.goto(application.authorizationUrl({ ...HYBRID, prompt: 'none' }))
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    const { form } = await site.next('POST', '/cb')
    expect(Object.fromEntries(form)).toMatchObject({ error: 'login_required', state: STATE })
    await page.context().close()
  })

  it.each([
    ['50-form-post', {}],
    ['51-narrow-form-post', { viewport: { width: 320, height: 640 }, colorScheme: 'dark' }],
  ] as const)('is a page without obstacles: %s', async (name, options) => {
    const application = await Application.register(server, site.origin)
    const page = await openPage(browser, options)
    // The checks need script, which must not take the page away.
    await page.addInitScript('HTMLFormElement.prototype.submit = () => undefined')
    await page.goto(application.authorizationUrl({ ...HYBRID, prompt: 'none' }))
    expect(await page.locator('h1').innerText()).toBe('Continue to The application')
    await inspect(page, name)
    await page.context().close()
  })
})
