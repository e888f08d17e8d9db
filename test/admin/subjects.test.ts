import { beforeAll, describe, expect, it } from 'vitest'
import { ADMIN_KEY, Browser, bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import {
  authorizeAt,
  type FlowOptions,
  logIn,
  registerClient,
  type TestClient,
} from '../support/relying-party.ts'

const deployment = new Deployment()
let client: TestClient
let other: TestClient

beforeAll(async () => {
  client = await registerClient(deployment, { client_id: 'shop', client_name: 'The shop' })
  other = await registerClient(deployment, { client_id: 'forum', client_name: 'The forum' })
})

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/

/** A login of a subject, remembered, with claims and a context. */
const login = (subject: string, more: FlowOptions = {}): FlowOptions => ({
  ...more,
  login: { subject, remember: true, remember_for: 3600, acr: 'gold', amr: ['pwd'] },
  consent: {
    remember: true,
    remember_for: 7200,
    context: { from: 'the consent app' },
    session: { access_token: { plan: 'gold' }, id_token: { email: `${subject}@example.com` } },
  },
})

const pathOf = (subject: string): string => `/admin/subjects/${encodeURIComponent(subject)}`

/** Every page of a list, by its links. */
async function pagesOf(path: string): Promise<readonly Record<string, unknown>[]> {
  const pages: Record<string, unknown>[] = []
  for (let next: string | undefined = path; next !== undefined; ) {
    const response = await deployment.admin('GET', next)
    expect(response.status).toBe(200)
    pages.push(await bodyOf(response))
    next = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1]
  }
  return pages
}

describe('what is stored about a subject', () => {
  it('is shown with claims and context, by the names of its clients, and without a secret', async () => {
    const tokens = await logIn(deployment, client, login('anna'))
    await authorizeAt(deployment, other, { ...login('anna'), request: { login_hint: 'anna@work' } })
    const response = await deployment.admin('GET', pathOf('anna'))
    const text = await response.clone().text()
    for (const token of Object.values(tokens)) expect(text).not.toContain(String(token))
    expect(text).not.toContain('null')
    const body = await bodyOf(response)
    const booked = {
      ...{ subject: 'anna', grant_scope: ['openid', 'offline_access'] },
      ...{ granted_at: expect.stringMatching(INSTANT), last_granted_at: expect.stringMatching(INSTANT) },
      expires_at: expect.stringMatching(INSTANT),
    }
    expect(body).toEqual({
      subject: 'anna',
      sessions: [expect.anything(), expect.anything()],
      consents: [expect.anything(), expect.anything()],
      notices: [],
      clients: [
        { client_id: 'forum', client_name: 'The forum' },
        { client_id: 'shop', client_name: 'The shop' },
      ],
      grants_book: [
        { ...booked, client_id: 'forum' },
        { ...booked, client_id: 'shop' },
      ],
    })
    expect(body['sessions']).toContainEqual({
      sid: expect.any(String),
      authenticated_at: expect.stringMatching(INSTANT),
      last_used_at: expect.stringMatching(INSTANT),
      active: true,
      remember: true,
      expires_at: expect.stringMatching(INSTANT),
    })
    expect(body['consents']).toContainEqual({
      consent_request_id: expect.any(String),
      client_id: 'shop',
      login_session_id: expect.any(String),
      handled_at: expect.stringMatching(INSTANT),
      tokens_issued_at: expect.stringMatching(INSTANT),
      active: true,
      remember: true,
      expires_at: expect.stringMatching(INSTANT),
      grant_scope: ['openid', 'offline_access'],
      grant_access_token_audience: [],
      requested_scope: ['openid', 'offline_access'],
      requested_access_token_audience: [],
      requested_at: expect.stringMatching(INSTANT),
      authenticated_at: expect.stringMatching(INSTANT),
      acr: 'gold',
      amr: ['pwd'],
      session: { access_token: { plan: 'gold' }, id_token: { email: 'anna@example.com' } },
      context: { from: 'the consent app' },
      request_url: expect.stringContaining('client_id=shop'),
    })
  })

  it('is nothing for somebody who was never here', async () => {
    const nothing = { sessions: [], consents: [], notices: [], clients: [], grants_book: [] }
    expect(await pagesOf(pathOf('nobody'))).toEqual([{ subject: 'nobody', ...nothing }])
  })

  it.each([
    ...['a/b', '100%', '%41', 'ü ß', 'a+b&c=d?e#f', '../..', 'a//b', '\u202ex'].map(
      (name) => [name, name] as const,
    ),
    ['of 255 letters', 'x'.repeat(255)],
    ['of 255 characters of three bytes', '人'.repeat(255)],
  ] as const)('is found for the subject %s', async (_name, subject) => {
    await logIn(deployment, client, login(subject))
    const [page] = await pagesOf(pathOf(subject))
    const email = `${subject}@example.com`
    expect(page).toMatchObject({ subject, consents: [{ session: { id_token: { email } } }] })
  })

  it('comes in pages by number, each thing once', async () => {
    for (let at = 0; at < 3; at += 1) await logIn(deployment, client, login('bea'))
    const [whole] = await pagesOf(pathOf('bea'))
    const pages = await pagesOf(`${pathOf('bea')}?page_size=2`)
    expect(pages).toHaveLength(3)
    for (const list of ['sessions', 'consents'])
      expect(pages.flatMap((page) => page[list])).toEqual(whole?.[list])
    expect(whole).toMatchObject({ sessions: { length: 3 }, consents: { length: 3 } })
  })

  it('comes in pages by size', async () => {
    const large = login('clara')
    const text = 'x'.repeat(60_000)
    for (let at = 0; at < 12; at += 1)
      await logIn(deployment, client, {
        ...large,
        consent: { ...large.consent, context: text, session: { access_token: { text } } },
      })
    const pages = await pagesOf(pathOf('clara'))
    expect(pages.length).toBeGreaterThan(1)
    for (const page of pages) expect(JSON.stringify(page).length).toBeLessThan(1_300_000)
    const consents = pages.flatMap((page) => page['consents'])
    expect(new Set(consents.map((one) => JSON.stringify(one))).size).toBe(12)
  })

  it('takes no page token of another subject', async () => {
    await logIn(deployment, client, login('dora'))
    const { headers } = await deployment.admin('GET', `${pathOf('dora')}?page_size=1`)
    const token = /page_token=([^>&]+)>; rel="next"/.exec(headers.get('link') ?? '')?.[1]
    expect(token).toBeDefined()
    const response = await deployment.admin('GET', `${pathOf('anna')}?page_token=${token}`)
    expect(response.status).toBe(400)
  })
})

describe('the list of login sessions', () => {
  it('has the open ones, the newest first, with their clients and when they were used last', async () => {
    const browser = new Browser(deployment)
    await logIn(deployment, client, login('emma', { browser }))
    await logIn(deployment, other, { browser, login: { subject: 'emma', remember: true } })
    await logIn(deployment, client, { login: { subject: 'emma' } })
    const [page] = await pagesOf('/admin/oauth2/auth/sessions/login?subject=emma')
    const shared = {
      subject: 'emma',
      sid: expect.any(String),
      authenticated_at: expect.stringMatching(INSTANT),
    }
    const used = { ...shared, last_used_at: expect.stringMatching(INSTANT) }
    expect(page).toHaveLength(2)
    expect(page).toContainEqual({
      ...used,
      remember: false,
      clients: [{ client_id: 'shop', client_name: 'The shop' }],
    })
    expect(page).toContainEqual({
      ...used,
      remember: true,
      expires_at: expect.stringMatching(INSTANT),
      clients: expect.arrayContaining([
        { client_id: 'shop', client_name: 'The shop' },
        { client_id: 'forum', client_name: 'The forum' },
      ]),
    })
  })

  it('comes in pages, without those that ended', async () => {
    for (let at = 0; at < 3; at += 1) await logIn(deployment, client, login('fay'))
    const path = '/admin/oauth2/auth/sessions/login'
    const [all] = await pagesOf(`${path}?subject=fay`)
    const pages = await pagesOf(`${path}?subject=fay&page_size=1`)
    expect(pages.map((page) => page.length)).toEqual([1, 1, 1])
    expect(pages.flat()).toEqual(all)
    const second = await deployment.admin('GET', `${path}?subject=fay&limit=1&offset=1`)
    expect(await second.json()).toEqual((all as unknown as unknown[]).slice(1, 2))
    const [{ sid }] = all as unknown as [{ sid: string }]
    await deployment.admin('DELETE', `${path}?sid=${sid}`)
    const left = await deployment.admin('GET', `${path}?subject=fay&limit=10`)
    expect([left.headers.get('x-total-count'), await left.json()]).toEqual([
      '2',
      (all as unknown as unknown[]).slice(1),
    ])
  })

  it('ends none for an empty id, whoever is named beside it', async () => {
    await logIn(deployment, client, login('gil'))
    const path = '/admin/oauth2/auth/sessions/login?subject=gil'
    const answer = await deployment.admin('DELETE', `${path}&sid=`)
    expect([answer.status, (await bodyOf(answer))['error_description']]).toEqual([
      400,
      expect.stringContaining('sid'),
    ])
    expect((await pagesOf(path))[0]).toHaveLength(1)
  })

  it('needs a subject', async () => {
    const response = await deployment.admin('GET', '/admin/oauth2/auth/sessions/login')
    expect(response.status).toBe(400)
  })
})

describe('the key', () => {
  const scoped = new Deployment(
    testEnv({ ADMIN_API_KEYS: 'flows:the-key-of-flows-000,clients:the-key-of-clients-0' }),
  )

  it.each([
    ['of scope flows', 'the-key-of-flows-000', 200],
    ['of scope clients', 'the-key-of-clients-0', 403],
    ['that is unknown', ADMIN_KEY, 401],
  ])('%s: whether it shows a subject', async (_scope, key, status) => {
    const response = await scoped.fetch(pathOf('anna'), { headers: { authorization: `Bearer ${key}` } })
    expect(response.status).toBe(status)
  })
})
