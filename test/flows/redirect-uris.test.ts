import { describe, expect, it } from 'vitest'
import { Browser, bodyOf, Deployment, ISSUER, testEnv } from '../support/deployment.ts'
import { authorizationPath, LoginApp, parameter, redeem, registerClient } from '../support/relying-party.ts'

const STATE = 'a b+c/d=='

/** A redirect URI, and how every Location to it begins. */
const URIS: readonly (readonly [uri: string, begins: string])[] = [
  ['https://例え.jp/cb', 'https://%E4%BE%8B%E3%81%88.jp/cb?'],
  ['https://a.example/ś?x=%41', 'https://a.example/%C5%9B?x=%41&'],
  ['https://a.example/ü?ÿ', 'https://a.example/%C3%BC?%C3%BF&'],
  ['myapp://колбек/', 'myapp://%D0%BA%D0%BE%D0%BB%D0%B1%D0%B5%D0%BA/?'],
  ['https://a.example/%E2%82%AC/€', 'https://a.example/%E2%82%AC/%E2%82%AC?'],
  ['https://a.example?next=%2Fx%20y&&', 'https://a.example?next=%2Fx%20y&&'],
  ['https://a.example/cb?', 'https://a.example/cb?'],
  ['https://a.example/cb?state=fixed&k=1&%73tate=2', 'https://a.example/cb?k=1&'],
  ['https://a.example/cb?iss=tenantA', 'https://a.example/cb?'],
  ['https://a.example/cb?code=x&error=access_denied&scope', 'https://a.example/cb?'],
  ['https://a.example/cb?session_state=1&id_token=2&State=3', 'https://a.example/cb?State=3&'],
]

const deployment = new Deployment()

type Changes = Readonly<Record<string, string | undefined>>

/** Goes through login and consent at a client with this redirect URI; the answer that leads back to it. */
async function answerAt(redirectUri: string, changes: Changes, browser = new Browser(deployment)) {
  const client = await registerClient(deployment, {
    redirect_uris: [redirectUri],
    post_logout_redirect_uris: [redirectUri],
    response_types: ['code', 'code id_token'],
    grant_types: ['authorization_code', 'implicit'],
  })
  const app = new LoginApp(deployment)
  const request = { redirect_uri: redirectUri, scope: 'openid', state: STATE, ...changes }
  const first = await browser.visit(authorizationPath(client, request))
  const challenge = parameter(new URL(first.headers.get('location') ?? 'about:blank'), 'login_challenge')
  if (challenge === '') return { client, answer: first }
  const atConsent = await browser.next(await app.decide('login', 'accept', challenge, { subject: 'alice' }))
  const consent = { grant_scope: ['openid'] }
  const onward = await app.decide('consent', 'accept', parameter(atConsent, 'consent_challenge'), consent)
  return { client, answer: await browser.visit(onward) }
}

const location = (answer: Response): string => answer.headers.get('location') ?? ''

describe('a redirect URI is reached as it was registered, with each parameter of the answer once', () => {
  it.each(URIS)('%s: a code', async (uri, begins) => {
    const { answer, client } = await answerAt(uri, {})
    expect(location(answer).startsWith(`${begins}code=`), location(answer)).toBe(true)
    const query = new URLSearchParams(location(answer).slice(begins.length))
    expect([...query.keys()].filter((name) => name !== 'session_state')).toEqual([
      'code',
      'scope',
      'state',
      'iss',
    ])
    expect([query.get('state'), query.get('iss')]).toEqual([STATE, ISSUER])
    expect((await redeem(deployment, client, query.get('code') ?? '', uri)).status).toBe(200)
  })

  it.each(URIS)('%s: an error', async (uri, begins) => {
    const { answer } = await answerAt(uri, { prompt: 'none' })
    expect(location(answer).startsWith(`${begins}error=login_required&`), location(answer)).toBe(true)
    const query = new URLSearchParams(location(answer).slice(begins.length))
    expect(query.getAll('state')).toEqual([STATE])
    expect(query.getAll('iss')).toEqual([ISSUER])
    expect(query.has('code')).toBe(false)
  })

  it.each(URIS)('%s: in the fragment', async (uri, begins) => {
    const { answer } = await answerAt(uri, { response_type: 'code id_token' })
    const [before = '', fragment = ''] = location(answer).split('#')
    expect(before).toBe(bare(uri, begins))
    expect(new URLSearchParams(fragment).getAll('state')).toEqual([STATE])
  })

  it.each(URIS)('%s: by a form', async (uri, begins) => {
    const { answer } = await answerAt(uri, { response_mode: 'form_post' })
    const page = (await answer.text()).replaceAll('&amp;', '&')
    expect(page).toContain(`action="${bare(uri, begins)}"`)
    expect(page).toContain(`name="state" value="${STATE}"`)
  })

  it.each(URIS)('%s: after a logout', async (uri, begins) => {
    const browser = new Browser(deployment)
    const { answer, client } = await answerAt(uri, {}, browser)
    const code = new URLSearchParams(location(answer).slice(begins.length)).get('code') ?? ''
    const { id_token } = await bodyOf(await redeem(deployment, client, code, uri))
    const ask = { id_token_hint: String(id_token), post_logout_redirect_uri: uri }
    const plain = await browser.visit(`/oauth2/sessions/logout?${new URLSearchParams(ask)}`)
    expect(location(plain)).toBe(asWritten(uri))
    const stated = await browser.visit(
      `/oauth2/sessions/logout?${new URLSearchParams({ ...ask, state: STATE })}`,
    )
    const { searchParams } = new URL(location(stated))
    expect(location(stated)).toMatch(/^[\x21-\x7e]+$/)
    expect(searchParams.getAll('state')).toEqual([STATE])
    if (!uri.includes('state')) expect(location(stated).startsWith(asWritten(uri))).toBe(true)
  })
})

/** What remains where nothing is joined to the query. */
const bare = (uri: string, begins: string): string =>
  /[?&]$/.test(uri) ? begins : begins.replace(/[?&]$/, '')

/** The URI in ASCII. */
const asWritten = (uri: string): string => uri.replace(/[^\x21-\x7e]+/g, (text) => encodeURIComponent(text))

describe('the pages of an operator', () => {
  const PAGE = 'https://login.example/ü?tenant=a%20b&login_challenge=x&error=none'

  it.each([
    [
      'URLS_LOGIN',
      {},
      'login_challenge',
      'https://login.example/%C3%BC?tenant=a%20b&error=none&login_challenge=',
    ],
    [
      'URLS_ERROR',
      { client_id: 'nobody' },
      'error_description',
      'https://login.example/%C3%BC?tenant=a%20b&login_challenge=x&error=invalid_client&error_description=',
    ],
  ])('%s keeps its own query', async (setting, changes, name, begins) => {
    const configured = new Deployment(testEnv({ [setting]: PAGE }))
    const client = await registerClient(configured)
    const answer = await new Browser(configured).visit(authorizationPath(client, changes))
    expect(location(answer).startsWith(begins), location(answer)).toBe(true)
    expect(new URL(location(answer)).searchParams.getAll(name)).toEqual([expect.stringMatching(/.{20,}/)])
  })
})
