import { expect, it } from 'vitest'
import { LANGUAGES, textsOf } from '../../src/languages/languages.ts'
import { Browser, Deployment, testEnv } from '../support/deployment.ts'
import { withOutage } from '../support/outage.ts'

const VERIFY = '/oauth2/device/verify'

it.each(LANGUAGES)(
  'a device that is not connected is told so in %s, and developers why',
  async (language) => {
    const deployment = new Deployment()
    const headers = { accept: 'text/html', 'accept-language': language }
    const response = await deployment.fetch(`${VERIFY}?device_verifier=none`, { headers })
    expect(response.status).toBe(403)
    const page = await response.text()
    const { deviceNotConnected, startOnDevice, forDevelopers } = textsOf(language)
    expect(page).toContain(`<h1>${deviceNotConnected}</h1>`)
    const [person = '', developers = ''] = page.split('<details>')
    expect(person).toContain(startOnDevice)
    expect(person).not.toContain('class="alert"')
    expect(developers).toContain(forDevelopers)
    expect(developers).toMatch(/<code lang="en" dir="ltr">access_denied<\/code>/)
    expect(developers).toContain(`<code dir="ltr">${response.headers.get('x-request-id')}</code>`)
    if (language !== 'en') expect(person).not.toMatch(/The request|Start again|denied/)
  },
)

it('a device that cannot be connected now is told to wait', async () => {
  const outage = withOutage(testEnv())
  const browser = new Browser(new Deployment(outage.env))
  outage.down = true
  const response = await browser.visit(VERIFY, { headers: { accept: 'text/html' } })
  expect(response.status).toBe(503)
  expect(await response.text()).toContain(textsOf('en').ownSide)
})
