import { decodeJwt } from 'jose'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningServer, startServer } from '../support/server.ts'
import { type Site, startSite } from '../support/site.ts'
import { Application, consent, logIn, NONCE, STATE } from './application.ts'
import { launch, openPage } from './browser.ts'

// What arrives behind the # is told to the site by the page that got it.
const TELLING = `<!doctype html><html lang="en"><title>Application</title><h1>Application</h1>
<script>if (location.hash) fetch('/told', { method: 'POST', body: new URLSearchParams(location.hash.slice(1)) })</script>`

let server: RunningServer
let browser: Browser
let near: Site
let far: Site

beforeAll(async () => {
  browser = await launch()
  near = await startSite('localhost', () => ({ body: TELLING }))
  far = await startSite('127.0.0.1', () => ({ body: TELLING }))
  server = await startServer()
})

afterAll(async () => {
  await browser?.close()
  await Promise.all([server, near, far].map((running) => running?.stop()))
})

/** Has the application's page ask in a frame, and returns what is answered to it there. */
async function silently(page: Page, site: Site, application: Application, mode: string) {
  await page.goto(`${site.origin}/page`)
  const url = application.authorizationUrl({
    prompt: 'none',
    response_type: 'code id_token',
    response_mode: mode,
  })
  await page.evaluate(
    `document.body.append(Object.assign(document.createElement('iframe'), { src: '${url}' }))`,
  )
  const { form } = await site.next('POST', mode === 'form_post' ? '/cb' : '/told')
  expect(Object.fromEntries(form)).toMatchObject({ state: STATE, iss: server.base })
  return form
}

describe.each(['fragment', 'form_post'])('prompt=none in a frame, answered by %s', (mode) => {
  it('gives codes and ID tokens to an application of the same site that the user has allowed', async () => {
    const application = await Application.register(server, near.origin)
    const page = await openPage(browser)
    expect((await silently(page, near, application, mode)).get('error')).toBe('login_required')
    await page.goto(application.authorizationUrl())
    await logIn(page)
    await page.getByRole('heading', { name: 'wants to use your account' }).waitFor()
    expect((await silently(page, near, application, mode)).get('error')).toBe('consent_required')
    await page.goto(application.authorizationUrl())
    await consent(page)
    await page.waitForURL(`${near.origin}/cb?**`)
    const form = await silently(page, near, application, mode)
    expect(decodeJwt(form.get('id_token') ?? '')).toMatchObject({ sub: 'demo', nonce: NONCE })
    expect(decodeJwt(await application.idToken(form.get('code')))).toMatchObject({ sub: 'demo' })
    await page.context().close()
  })

  it('is login_required on another site, where the browser sends no cookies', async () => {
    const application = await Application.register(server, far.origin)
    const page = await openPage(browser)
    await page.goto(application.authorizationUrl())
    await logIn(page)
    await consent(page)
    await page.waitForURL(`${far.origin}/cb?**`)
    expect((await silently(page, far, application, mode)).get('error')).toBe('login_required')
    await page.context().close()
  })
})
