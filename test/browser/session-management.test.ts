import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type RunningServer, startServer } from '../support/server.ts'
import { type Site, startSite } from '../support/site.ts'
import { Application, consent, logIn, press } from './application.ts'
import { launch, openPage } from './browser.ts'

let server: RunningServer
let browser: Browser
let site: Site
let page: Page
let application: Application

/** Every page of the application holds the server's frame and can ask it. */
const answer = (): { body: string } => ({
  body: `<!doctype html><html lang="en"><title>Application</title>
<iframe id="op" src="${server.base}/oauth2/sessions/check" hidden></iframe>
<script>
const ask = (message) => new Promise((resolve) => {
  addEventListener('message', ({ data, origin }) => resolve([data, origin]), { once: true })
  document.getElementById('op').contentWindow.postMessage(message, ${JSON.stringify(server.base)})
})
</script>`,
})

beforeAll(async () => {
  browser = await launch()
  site = await startSite('localhost', answer)
  server = await startServer()
})

beforeEach(async () => {
  application = await Application.register(server, site.origin)
  page = await openPage(browser)
})

afterEach(() => page.context().close())

afterAll(async () => {
  await browser?.close()
  await Promise.all([server, site].map((running) => running?.stop()))
})

const ask = (message: string): Promise<unknown> => page.evaluate(`ask(${JSON.stringify(message)})`)

/** Logs in and returns the answer's parameters. */
async function signIn(): Promise<URLSearchParams> {
  await page.goto(application.authorizationUrl())
  await logIn(page)
  await consent(page)
  await page.waitForURL(`${site.origin}/cb?**`)
  return new URL(page.url()).searchParams
}

describe('the session management frame in a browser', () => {
  it('says unchanged until the user logs out elsewhere', async () => {
    const answered = await signIn()
    const message = `${application.id} ${answered.get('session_state')}`
    expect(await ask(message)).toEqual(['unchanged', server.base])
    const other = await page.context().newPage()
    await other.goto(application.logoutUrl(await application.idToken(answered.get('code'))))
    await press(other, 'Log out')
    await other.waitForURL(`${site.origin}/bye?**`)
    expect(await ask(message)).toEqual(['changed', server.base])
  })

  it('says changed for another client, and error for what it does not understand', async () => {
    const answered = await signIn()
    expect(await ask(`somebody ${answered.get('session_state')}`)).toEqual(['changed', server.base])
    expect(await ask('nonsense')).toEqual(['error', server.base])
    expect(await ask(`${application.id} ${answered.get('session_state')?.split('.')[0]}`)).toEqual([
      'error',
      server.base,
    ])
  })
})
