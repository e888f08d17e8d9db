import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { ownerOf } from '../../src/ledger/owner.ts'
import { aroundD1 } from '../support/bindings.ts'
import { Browser, bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import { LogLines } from '../support/log-lines.ts'
import { withOutage } from '../support/outage.ts'
import {
  authorizeAt,
  logIn,
  parameter,
  redeem,
  refresh,
  registerClient,
  type TestClient,
} from '../support/relying-party.ts'

const deployment = new Deployment()
const lines = new LogLines()
let client: TestClient

beforeAll(async () => {
  client = await registerClient(deployment, { backchannel_logout_uri: 'https://rp.example/backchannel' })
})

const erase = (subject: string, at = deployment): Promise<Response> =>
  at.admin('DELETE', `/admin/subjects/${encodeURIComponent(subject)}`)

const remembered = (subject: string) => ({
  login: { subject, remember: true },
  consent: { remember: true, session: { id_token: { email: 'her@example.com' } } },
})

const bookRows = async (subject: string): Promise<unknown> =>
  (await testEnv().DB.prepare('SELECT client_id FROM grants_book WHERE subject = ?').bind(subject).all())
    .results

describe('DELETE of a subject', () => {
  it('ends sessions, tokens, codes and consents, tells the clients, and leaves nothing in ledger, directory and book', async () => {
    const told: string[] = []
    const fetched = vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
      told.push(new Request(input, init).url)
      return new Response()
    })
    const browser = new Browser(deployment)
    const tokens = await logIn(deployment, client, { browser, ...remembered('her/self') })
    const code = parameter(
      await authorizeAt(deployment, client, { browser, ...remembered('her/self') }),
      'code',
    )
    expect(await bookRows('her/self')).not.toEqual([])
    const { sessions } = await bodyOf(await deployment.admin('GET', '/admin/subjects/her%2Fself'))
    const [{ sid }] = sessions as [{ sid: string }]

    expect((await erase('her/self')).status).toBe(204)
    fetched.mockRestore()
    expect(told).toContain('https://rp.example/backchannel')
    expect(await deployment.introspect(tokens.access_token)).toEqual({ active: false })
    expect((await refresh(deployment, client, tokens.refresh_token)).status).toBe(400)
    expect((await redeem(deployment, client, code)).status).toBe(400)
    const silent = await authorizeAt(deployment, client, { browser, request: { prompt: 'none' } })
    expect(silent.searchParams.get('error')).toBe('login_required')
    const consents = await deployment.admin('GET', '/admin/oauth2/auth/sessions/consent?subject=her%2Fself')
    expect(await consents.json()).toEqual([])
    expect(await bookRows('her/self')).toEqual([])

    const ledger = testEnv().LEDGER.getByName(ownerOf('subject', 'her/self', 'none'))
    await runDurableObjectAlarm(ledger)
    const left = await bodyOf(await deployment.admin('GET', '/admin/subjects/her%2Fself'))
    expect(left).toMatchObject({ sessions: [], consents: [], clients: [] })
    expect((await deployment.admin('DELETE', `/admin/oauth2/auth/sessions/login?sid=${sid}`)).status).toBe(
      204,
    )
  })

  it('may be repeated, and of somebody unknown', async () => {
    await logIn(deployment, client, remembered('twice'))
    const statuses = [await erase('twice'), await erase('twice'), await erase('nobody')].map(
      ({ status }) => status,
    )
    expect(statuses).toEqual([204, 204, 204])
  })

  it('goes on where a session is damaged, and says of which one nobody was told', async () => {
    await logIn(deployment, client, remembered('damaged'))
    const { sessions } = await bodyOf(await deployment.admin('GET', '/admin/subjects/damaged'))
    const [{ sid }] = sessions as [{ sid: string }]
    await runInDurableObject(
      testEnv().LEDGER.getByName(ownerOf('subject', 'damaged', 'none')),
      (_ledger, { storage }) =>
        storage.sql.exec("UPDATE logins SET recipients = '{' WHERE kind = 1").toArray(),
    )
    const answer = await erase('damaged')
    expect([answer.status, await bodyOf(answer)]).toEqual([200, { untold_sessions: [sid] }])
    expect(lines.last('audit')).toMatchObject({ event: 'subject.erased', untold_sessions: [sid] })
    const trail = await deployment.admin('GET', '/admin/audit?event=subject.erased&page_size=1')
    expect(await trail.json()).toMatchObject([{ untold_sessions: [sid] }])
    expect((await erase('damaged')).status).toBe(204)
  })

  it('is audited, by a hash of the subject', async () => {
    await erase('the-name-of-somebody')
    expect(lines.last('audit')).toMatchObject({ event: 'subject.erased', sub_hash: expect.any(String) })
    expect(JSON.stringify(lines.of('audit'))).not.toContain('the-name-of-somebody')
  })

  it('keeps the subject out of the book, also if a row of before is written only then', async () => {
    let erased = false
    const BOOK = aroundD1(testEnv().DB, async (method, call) => {
      if (method === 'run' && !erased) {
        erased = true
        expect((await erase('late/one')).status).toBe(204)
      }
      return call()
    })
    const slow = new Deployment({ ...testEnv(), BOOK })
    await authorizeAt(slow, client, { login: { subject: 'late/one' } })
    expect(erased).toBe(true)
    expect(await bookRows('late/one')).toEqual([])
  })

  it('is a 503 while the book cannot be reached, and the next one completes it', async () => {
    const tokens = await logIn(deployment, client, remembered('halfway'))
    const outage = withOutage(testEnv())
    const cut = new Deployment(outage.env)
    await cut.fetch('/health/alive')
    await cut.introspect(tokens.access_token)
    outage.down = true
    expect((await erase('halfway', cut)).status).toBe(503)
    const line = { event: 'subject.erasure_incomplete', erased: ['ledger:none'], not_erased: ['grants_book'] }
    expect(lines.last('audit')).toMatchObject(line)
    outage.down = false
    expect((await deployment.introspect(tokens.access_token))['active']).toBe(false)
    expect((await erase('halfway')).status).toBe(204)
    expect(await bookRows('halfway')).toEqual([])
  })

  it.each([
    ['flows', 403],
    ['clients', 403],
    ['all', 204],
  ])('by a key of scope %s is %i', async (scope, status) => {
    const key = `the-key-of-${scope}-00000`
    const scoped = new Deployment(testEnv({ ADMIN_API_KEYS: `${scope}:${key}` }))
    const init = { method: 'DELETE', headers: { authorization: `Bearer ${key}` } }
    expect((await scoped.fetch('/admin/subjects/anybody', init)).status).toBe(status)
  })
})
