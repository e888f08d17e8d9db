import { describe, expect, it } from 'vitest'
import { delayLedger, dropAnswers } from '../support/bindings.ts'
import { Browser, bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import {
  approve,
  enterCode,
  poll,
  pollOutcome,
  registerDeviceClient,
  startDevice,
  toLastHop,
} from '../support/device.ts'
import { LoginApp, parameter } from '../support/relying-party.ts'

/** The real server, with every ledger call held back for a random while first. */
const slow = (): Deployment => new Deployment(delayLedger(testEnv()))
const ROUNDS = 5

/** How many consents a subject has given that still hold. */
async function consentsOf(deployment: Deployment, subject: string): Promise<number> {
  const answer = await deployment.admin('GET', `/admin/oauth2/auth/sessions/consent?subject=${subject}`)
  return (await answer.json<unknown[]>()).length
}

describe('two users who approve one device at once', () => {
  it('have one winner, whose tokens the device gets; the other grant is revoked', async () => {
    const deployment = slow()
    const client = await registerDeviceClient(deployment)
    for (let round = 0; round < ROUNDS; round += 1) {
      const device = await startDevice(deployment, client)
      const users = ['ann', 'ben'].map((name) => `${name}-${round}-${crypto.randomUUID()}`)
      const hops = await Promise.all(
        users.map(async (subject) => {
          const browser = new Browser(deployment)
          return { browser, url: await toLastHop(deployment, device, { browser, login: { subject } }) }
        }),
      )
      const answers = await Promise.all(hops.map(({ browser, url }) => browser.visit(url)))
      expect(answers.map(({ status }) => status).sort()).toEqual([302, 403])
      const winner = answers[0]?.status === 302 ? 0 : 1
      expect(await bodyOf(answers[1 - winner] ?? new Response())).toMatchObject({ error: 'access_denied' })
      const consents = await Promise.all(users.map((subject) => consentsOf(deployment, subject)))
      expect(consents).toEqual(winner === 0 ? [1, 0] : [0, 1])
      const tokens = await bodyOf(await poll(deployment, client, device))
      const active = await deployment.introspect(String(tokens['access_token']))
      expect(active['sub']).toBe(users[winner])
    }
  })
})

describe('a yes and a no at once', () => {
  it('leave a no, unless the device was faster: device, page and grant agree', async () => {
    const deployment = slow()
    const app = new LoginApp(deployment)
    const client = await registerDeviceClient(deployment)
    for (let round = 0; round < ROUNDS; round += 1) {
      const device = await startDevice(deployment, client)
      const subject = `both-${crypto.randomUUID()}`
      const [willing, unwilling] = [new Browser(deployment), new Browser(deployment)]
      const yes = await toLastHop(deployment, device, { browser: willing, login: { subject } })
      const atLogin = await unwilling.next(await enterCode(deployment, unwilling, device.user_code))
      const no = await app.decide('login', 'reject', parameter(atLogin, 'login_challenge'))
      const [, denied, polled] = await Promise.all([
        willing.visit(yes),
        unwilling.visit(no),
        pollOutcome(deployment, client, device),
      ])
      const page = (await bodyOf(denied))['error']
      expect(page).toBe(polled === 'ok' ? 'invalid_request' : 'login request denied')
      const outcome = await pollOutcome(deployment, client, device)
      expect(outcome).toBe(polled === 'ok' ? '400 invalid_grant' : '400 access_denied')
      expect(await consentsOf(deployment, subject)).toBe(polled === 'ok' ? 1 : 0)
    }
  })
})

describe('polls', () => {
  it('against an approval wait or get the tokens, and nothing else', async () => {
    const deployment = slow()
    const client = await registerDeviceClient(deployment)
    for (let round = 0; round < ROUNDS; round += 1) {
      const device = await startDevice(deployment, client)
      const browser = new Browser(deployment)
      const url = await toLastHop(deployment, device, { browser })
      const [outcome, last] = await Promise.all([pollOutcome(deployment, client, device), browser.visit(url)])
      expect(last.status).toBe(302)
      expect(['ok', '400 authorization_pending']).toContain(outcome)
      const next = await pollOutcome(deployment, client, device)
      expect(next).toBe(outcome === 'ok' ? '400 invalid_grant' : 'ok')
    }
  })

  it('in parallel have exactly one winner, whose tokens live on', async () => {
    const deployments = [slow(), slow()]
    const [first = slow()] = deployments
    const client = await registerDeviceClient(first)
    const device = await startDevice(first, client)
    await approve(first, device)
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => poll(deployments[index % 2] ?? first, client, device)),
    )
    const winners = answers.filter(({ status }) => status === 200)
    expect(winners).toHaveLength(1)
    const tokens = await bodyOf(winners[0] ?? new Response())
    expect(await first.introspect(String(tokens['access_token']))).toMatchObject({ active: true })
  })

  it.each(['settleDevice', 'grant', 'redeem', 'openDevice', 'pollDevice'])(
    'are not hurt by a lost answer of %s',
    async (method) => {
      const lossy = new Deployment(dropAnswers(testEnv(), { method, times: 1, retryable: true }))
      const client = await registerDeviceClient(lossy)
      const device = await startDevice(lossy, client)
      expect((await approve(lossy, device)).status).toBe(302)
      expect(await pollOutcome(lossy, client, device)).toBe('ok')
    },
  )

  it.each(['settleDevice', 'redeem'])(
    'are made good by another try when %s was not answered',
    async (method) => {
      const lossy = new Deployment(dropAnswers(testEnv(), { method, times: 1, retryable: false }))
      const client = await registerDeviceClient(lossy)
      const device = await startDevice(lossy, client)
      const browser = new Browser(lossy)
      const last = await toLastHop(lossy, device, { browser })
      const statuses = [(await browser.visit(last)).status, (await browser.visit(last)).status]
      expect(statuses).toEqual(method === 'settleDevice' ? [503, 302] : [302, 302])
      if (method === 'redeem') {
        expect(await pollOutcome(lossy, client, device)).toBe('503 temporarily_unavailable')
      }
      expect(await pollOutcome(lossy, client, device)).toBe('ok')
    },
  )
})
