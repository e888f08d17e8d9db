import { runDurableObjectAlarm } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { directoryOf, ownerOf } from '../../src/ledger/owner.ts'
import { sidOf } from '../../src/util/ids.ts'
import { callLedger } from '../ledger/support.ts'
import { type Variant, varyLedger } from '../support/bindings.ts'
import { Browser, bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import { authorizationPath, LoginApp, parameter, registerClient } from '../support/relying-party.ts'

const deployment = new Deployment()
const app = new LoginApp(deployment)

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Math.ceil(Date.now() / 1000) * 1000 })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A browser on its way back from the login app, which accepted as these users, one after the other. */
async function accepted(...subjects: readonly string[]) {
  const client = await registerClient(deployment)
  const browser = new Browser(deployment)
  const page = await browser.next(authorizationPath(client))
  const challenge = parameter(page, 'login_challenge')
  const sid = sidOf(String((await bodyOf(await app.get('login', challenge)))['session_id']))
  const hops: URL[] = []
  for (const subject of subjects) {
    hops.push(new URL(await app.decide('login', 'accept', challenge, { subject, remember: true })))
    vi.setSystemTime(Date.now() + 1000)
  }
  return { browser, sid, hops }
}

/** The browser's next step at a deployment in which some ledger methods behave differently. */
const visit = (browser: Browser, url: URL | undefined, variants: Readonly<Record<string, Variant>>) => {
  const other = new Browser(new Deployment(varyLedger(testEnv(), variants)))
  for (const [name, value] of browser.cookies) other.cookies.set(name, value)
  return other.visit(String(url))
}

const sessionsOf = async (subject: string): Promise<readonly unknown[]> => {
  const view = await bodyOf(await deployment.admin('GET', `/admin/subjects/${subject}`))
  return Array.isArray(view['sessions']) ? view['sessions'].filter(({ active }) => active) : []
}

const entriesOf = async (sid: string): Promise<readonly unknown[]> =>
  callLedger(testEnv(), directoryOf(sidOf(sid), 'none'), 'owners', { prefix: sid })

const clean = async (subject: string): Promise<void> => {
  vi.setSystemTime(Date.now() + 40 * 86_400_000)
  await runDurableObjectAlarm(testEnv().LEDGER.getByName(ownerOf('subject', subject, 'none')))
}

const at = (response: Response): string => response.headers.get('location') ?? ''

/** Whether the browser is sent to the beginning of its flow. */
const isFresh = (response: Response): boolean =>
  /\/oauth2\/auth\?(?!.*(?:_verifier|error)=)/.test(at(response))

const UNAVAILABLE = expect.stringContaining('error=temporarily_unavailable')

const fails: Variant = async () => {
  throw Object.assign(new Error('gone'), { retryable: false })
}
const loses: Variant = async (input, real) => {
  await real(input)
  throw Object.assign(new Error('lost'), { retryable: false })
}

describe('a new session', () => {
  it('is started and bound at once: neither waits for the other', async () => {
    const subject = crypto.randomUUID()
    const { browser, hops } = await accepted(subject)
    const asked: string[] = []
    const together: Variant = async (input, real) => {
      asked.push('')
      // Each goes on only when the other has been asked too.
      for (let turn = 0; asked.length < 2 && turn < 1000; turn += 1) await scheduler.wait(0)
      expect(asked).toHaveLength(2)
      return real(input)
    }
    const answer = await visit(browser, hops[0], { bindSession: together, login: together })
    expect(at(answer)).toContain('consent_challenge=')
  })

  it.each([
    ['is not done', fails],
    ['is done, but its answer is lost', loses],
  ])('is not left behind where binding %s: the user begins afresh', async (_name, bindSession) => {
    const subject = crypto.randomUUID()
    const { browser, sid, hops } = await accepted(subject)
    expect(at(await visit(browser, hops[0], { bindSession }))).toEqual(UNAVAILABLE)
    expect(await sessionsOf(subject)).toEqual([])
    expect(isFresh(await browser.visit(String(hops[0])))).toBe(true)
    await clean(subject)
    expect(await entriesOf(sid)).toEqual([])
  })

  it('that others already have in use does not end because of a repeated step that fails', async () => {
    const subject = crypto.randomUUID()
    const { browser, hops } = await accepted(subject)
    expect(at(await browser.visit(String(hops[0])))).toContain('consent_challenge=')
    expect(at(await visit(browser, hops[0], { bindSession: fails }))).toEqual(UNAVAILABLE)
    expect(await sessionsOf(subject)).toHaveLength(1)
  })

  it('that another login in the same flow only renews does not end because that login fails', async () => {
    const subject = crypto.randomUUID()
    const { browser, hops } = await accepted(subject, subject)
    expect(at(await browser.visit(String(hops[0])))).toContain('consent_challenge=')
    expect(at(await visit(browser, hops[1], { bindSession: fails }))).toEqual(UNAVAILABLE)
    expect(await sessionsOf(subject)).toHaveLength(1)
    expect(at(await browser.visit(String(hops[1])))).toContain('consent_challenge=')
  })

  it('is not started where the start fails, and can be by the same step', async () => {
    const subject = crypto.randomUUID()
    const { browser, hops } = await accepted(subject)
    expect(at(await visit(browser, hops[0], { login: fails }))).toEqual(UNAVAILABLE)
    expect(await sessionsOf(subject)).toEqual([])
    expect(at(await browser.visit(String(hops[0])))).toContain('consent_challenge=')
    expect(await sessionsOf(subject)).toHaveLength(1)
  })

  it('whose id another user of the same browser has ends, and leaves the other one findable', async () => {
    const [alice, bob] = [crypto.randomUUID(), crypto.randomUUID()]
    const { browser, sid, hops } = await accepted(alice, bob)
    expect(at(await browser.visit(String(hops[0])))).toContain('consent_challenge=')
    expect(isFresh(await browser.visit(String(hops[1])))).toBe(true)
    expect([await sessionsOf(alice), await sessionsOf(bob)]).toMatchObject([[{}], []])
    await clean(bob)
    expect(await entriesOf(sid)).toEqual([{ sid, owner: ownerOf('subject', alice, 'none') }])
  })
})
