import { runDurableObjectAlarm } from 'cloudflare:test'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { RefreshResult } from '../../src/ledger/types.ts'
import { advance, FLOW, newAttempt, Subject, seconds, stopClock } from './support.ts'

beforeEach(stopClock)
afterEach(() => {
  vi.useRealTimers()
})

const GRACE = 60
const KEEP = 86_400
const CODE = 600
/** How long a consent is remembered: beyond a flow, and not as long as tokens are. */
const CONSENT = 50_000

const SIMPLE = [
  'login',
  'grant',
  'redeem',
  'revoke',
  'revokeAll',
  'logout',
  'logoutWithTokens',
  'sweep',
  'skip',
  'renew',
  'forget',
  'retract',
  'erase',
] as const

type Step =
  | { readonly do: (typeof SIMPLE)[number] }
  | { readonly do: 'refresh'; readonly behind: number; readonly repeat: boolean }
  | { readonly do: 'wait'; readonly seconds: number }

const simple = fc.constantFrom(...SIMPLE)
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: simple }) },
    {
      weight: 5,
      arbitrary: fc.record({ do: fc.constant('refresh' as const), behind: fc.nat(2), repeat: fc.boolean() }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('wait' as const),
        seconds: fc.constantFrom(1, 30, 61, 700, 90_000),
      }),
    },
  ),
  { maxLength: 30 },
)

/** A consent and what it holds up: its own tokens, unless it is the one that the steps are about, and those of others. */
interface Consent {
  remembered: number
  tokens: number
  readonly resting: { readonly id: string; readonly until: number }[]
}

/** What a ledger with one session and one flow must look like from outside; knows nothing of rows. */
interface Model {
  /** `erased`: its row may be gone already, so a login from before finds it ended or is stale. */
  session: 'none' | 'open' | 'ended' | 'erased'
  /** All sessions were ended before this one started: its login is stale, until it is accepted anew. */
  stale: boolean
  seen: number
  flowExpires: number
  epoch: number
  flow: { readonly epoch: number } | null
  grant: 'none' | 'code' | 'live' | 'dead'
  codeExpires: number
  keepUntil: number
  generation: number
  /** When each generation was superseded, seconds. */
  readonly superseded: Map<number, number>
  lastAttempt: string
  readonly consents: Map<string, Consent>
  /** Grants that rested on a consent when it was taken back. */
  readonly fallen: string[]
}

class Run {
  readonly user = new Subject()
  readonly started = seconds()
  readonly model: Model = {
    session: 'none',
    stale: false,
    seen: 0,
    flowExpires: seconds() + FLOW,
    epoch: 0,
    flow: null,
    grant: 'none',
    codeExpires: 0,
    keepUntil: 0,
    generation: 0,
    superseded: new Map(),
    lastAttempt: '',
    consents: new Map(),
    fallen: [],
  }
  /** Generations that were ever issued as new, and by which attempt: never two. */
  readonly winners = new Map<number, string>()

  get live(): boolean {
    return this.model.grant === 'live' && seconds() < this.model.keepUntil
  }

  good(generation: number): boolean {
    const at = this.model.superseded.get(generation)
    return generation === this.model.generation || (at !== undefined && seconds() - at < GRACE)
  }

  async step(step: Step): Promise<void> {
    if (step.do === 'wait') advance(step.seconds)
    else if (step.do === 'refresh') await this.refresh(step.behind, step.repeat)
    else await this[step.do]()
    await this.check()
  }

  async sweep(): Promise<void> {
    await runDurableObjectAlarm(this.user.stub)
  }

  /** The login verifier, over and over the same; the flow's envelope does not open once the flow is over. */
  async login(): Promise<void> {
    const { model, user } = this
    if (seconds() >= model.flowExpires) return
    const { seen } = model
    const over = { authTime: this.started, expiresAt: null, flowExpiresAt: model.flowExpires, epoch: seen }
    const result = await user.call('login', user.loginInput(over))
    const admitted = model.session === 'none' && model.stale ? 'stale' : 'active'
    const isOver = model.session === 'ended' || model.session === 'erased'
    const refused = model.session === 'erased' ? /^(ended|stale)$/ : /^ended$/
    expect(result.status).toMatch(isOver ? refused : admitted)
    if (result.status === 'stale' && !isOver) {
      const epoch = await user.call('loginEpoch', null)
      expect(epoch).toBeGreaterThan(seen)
      Object.assign(model, { stale: false, seen: epoch })
    }
    if (result.status !== 'active') return
    model.session = 'open'
    model.flow = { epoch: result.epoch }
  }

  async grant(): Promise<void> {
    const { model, user } = this
    if (model.flow === null || seconds() >= model.flowExpires) return
    const { epoch } = model.flow
    const result = await user.call(
      'grant',
      user.grantInput({
        epoch,
        flowExpiresAt: model.flowExpires,
        codeLifetime: CODE,
        record: { remember: true },
        consentExpiresAt: seconds() + CONSENT,
      }),
    )
    const fresh = model.grant === 'none'
    const repeat = model.grant === 'code' && seconds() < model.codeExpires
    const may = model.session === 'open' && epoch >= model.epoch
    expect(result.status).toBe(may && (fresh || repeat) ? 'granted' : 'ended')
    if (result.status !== 'granted') return
    if (fresh) {
      model.codeExpires = seconds() + CODE
      this.remember(user.id, 0)
    }
    expect(result.codeExpiresAt).toBe(model.codeExpires)
    model.grant = 'code'
  }

  async redeem(): Promise<void> {
    const { model, user } = this
    const epoch = model.flow?.epoch ?? 0
    const attempt = newAttempt()
    const result = await user.call('redeem', user.redeemInput({ attempt, epoch, keepSeconds: KEEP }))
    if (model.grant === 'code') {
      const may = model.session === 'open' && epoch >= model.epoch && seconds() < model.codeExpires
      expect(result.status).toBe(may ? 'issued' : 'gone')
      if (!may) return
      this.win(1, attempt)
      model.grant = 'live'
      model.keepUntil = Math.max(seconds() + KEEP, model.codeExpires, model.flowExpires)
      return
    }
    expect(result.status).toEqual(this.live ? 'reused' : expect.stringMatching(/^(reused|gone)$/))
    if (this.live) model.grant = 'dead'
  }

  async refresh(behind: number, repeat: boolean): Promise<void> {
    const { model, user } = this
    const presented = model.generation - behind
    if (presented < 1) return
    const attempt = repeat ? model.lastAttempt : newAttempt()
    const input = user.refreshInput(presented, {
      attempt,
      grace: { seconds: GRACE, uses: 0 },
      keepSeconds: KEEP,
    })
    const result = await user.call('refresh', input)
    const expected = this.expectRefresh(presented, attempt)
    expect(result.status === 'issued' ? result.via : result.status).toEqual(expected)
    this.followRefresh(result, presented, attempt)
  }

  expectRefresh(presented: number, attempt: string): unknown {
    const { model } = this
    if (!this.live) return expect.stringMatching(/^(gone|reused)$/)
    if (presented === model.generation) return 'advance'
    if (presented === model.generation - 1 && attempt === model.lastAttempt) return 'repeat'
    return this.good(presented) ? 'grace' : 'reused'
  }

  followRefresh(result: RefreshResult, presented: number, attempt: string): void {
    const { model } = this
    if (result.status === 'reused') model.grant = 'dead'
    if (result.status !== 'issued') return
    if (result.via === 'advance') {
      model.superseded.set(presented, seconds())
      model.keepUntil = Math.max(model.keepUntil, seconds() + KEEP)
      this.win(result.generation, attempt)
    }
    expect(result.generation).toBe(model.generation)
  }

  win(generation: number, attempt: string): void {
    expect(this.winners.has(generation)).toBe(false)
    this.winners.set(generation, attempt)
    this.model.generation = generation
    this.model.lastAttempt = attempt
  }

  async revoke(): Promise<void> {
    const input = { attempt: newAttempt(), id: this.user.id, clientId: 'app', flowLifetime: FLOW }
    const { revoked } = await this.user.call('revokeGrant', input)
    if (this.live) expect(revoked).toBe(true)
    if (this.model.grant !== 'none') this.model.grant = 'dead'
  }

  async revokeAll(): Promise<void> {
    const { model, user } = this
    await user.call('revokeGrants', { attempt: newAttempt(), target: 'all', flowLifetime: FLOW })
    if (model.session === 'open') model.epoch = Math.max(Date.now(), model.epoch + 1)
    if (model.grant !== 'none') model.grant = 'dead'
    for (const id of [...model.consents.keys()]) this.takeBack(id)
  }

  takeBack(id: string): void {
    const resting = this.model.consents.get(id)?.resting ?? []
    this.model.fallen.push(...resting.map((grant) => grant.id))
    this.model.consents.delete(id)
  }

  /** A consent that replaces every one before it. */
  remember(id: string, tokens: number): void {
    for (const consent of this.model.consents.values()) consent.remembered = 0
    this.model.consents.set(id, { remembered: seconds() + CONSENT, tokens, resting: [] })
  }

  /** The consent that counts for the next login. */
  get remembered(): string | undefined {
    return [...this.model.consents].find(([, { remembered }]) => seconds() < remembered)?.[0]
  }

  /** Another login in the same session: its epoch, and the consent because of which it may skip its own. */
  async loginAgain(): Promise<{ readonly epoch: number; readonly id: string | undefined } | undefined> {
    const result = await this.user.call('login', this.user.loginInput({ skip: true, expiresAt: null }))
    expect(result.status).toBe(this.model.session === 'open' ? 'active' : 'ended')
    if (result.status !== 'active') return undefined
    expect(result.remembered?.id).toBe(this.remembered)
    return { epoch: result.epoch, id: result.remembered?.id }
  }

  /** A grant that rests on a remembered consent, tokens and all. */
  async skip(): Promise<void> {
    const login = await this.loginAgain()
    if (login?.id === undefined) return
    const id = crypto.randomUUID()
    const granted = await this.user.call(
      'grant',
      this.user.grantInput({ id, epoch: login.epoch, restsOn: login.id, record: { remember: true } }),
    )
    expect(granted.status).toBe('granted')
    const redeemed = await this.user.call(
      'redeem',
      this.user.redeemInput({ id, epoch: login.epoch, keepSeconds: KEEP }),
    )
    expect(redeemed.status).toBe('issued')
    this.model.consents.get(login.id)?.resting.push({ id, until: seconds() + KEEP })
  }

  /** A newer remembered consent, whose code nobody redeems. */
  async renew(): Promise<void> {
    const login = await this.loginAgain()
    if (login === undefined) return
    const id = crypto.randomUUID()
    const consent = { record: { remember: true }, consentExpiresAt: seconds() + CONSENT }
    const input = this.user.grantInput({ id, epoch: login.epoch, codeLifetime: CODE, ...consent })
    expect((await this.user.call('grant', input)).status).toBe('granted')
    this.remember(id, seconds() + CODE)
  }

  /** The end of the consent that the steps are about. */
  async forget(): Promise<void> {
    const { model, user } = this
    await user.call('revokeGrants', { attempt: newAttempt(), target: { id: user.id }, flowLifetime: FLOW })
    if (model.grant !== 'none') model.grant = 'dead'
    this.takeBack(user.id)
  }

  /** A denial takes the grant back only as long as it gave no tokens. */
  async retract(): Promise<void> {
    const { model, user } = this
    const input = { attempt: newAttempt(), id: user.id, flowLifetime: FLOW }
    const { status } = await user.call('retractGrant', input)
    if (status === 'redeemed') return expect(model.grant).toBe('live')
    expect(this.live).toBe(false)
    if (model.grant !== 'none') model.grant = 'dead'
    this.takeBack(user.id)
  }

  /** Consents are listed while they are remembered, or tokens rest on them; these live exactly as long as they may. */
  async checkConsents(): Promise<void> {
    const { model, user } = this
    const own = this.live || (model.grant === 'code' && seconds() < model.codeExpires)
    const expected: string[] = []
    for (const [id, { remembered, tokens, resting }] of model.consents) {
      const rests = resting.some(({ until }) => seconds() < until)
      const has = seconds() < (id === user.id ? 0 : tokens) || (id === user.id && own)
      if (seconds() < remembered || has || rests) expected.push(id)
    }
    const listed = (await user.list()).map(({ id }) => id)
    expect(listed.toSorted()).toEqual(expected.toSorted())
    const resting = [...model.consents.values()].flatMap((consent) => consent.resting)
    for (const { id, until } of [...resting, ...model.fallen.map((id) => ({ id, until: 0 }))]) {
      const input = { id, generation: 1, grace: { seconds: GRACE, uses: 0 }, use: 'access_token' } as const
      expect((await user.call('inspect', input)) !== null).toBe(seconds() < until)
    }
  }

  /** All tokens end with the sessions; remembered consents stay. */
  async logoutWithTokens(): Promise<void> {
    const { model } = this
    await this.logout(true)
    if (model.grant !== 'none') model.grant = 'dead'
    for (const consent of model.consents.values()) {
      consent.tokens = 0
      model.fallen.push(...consent.resting.splice(0).map(({ id }) => id))
    }
  }

  async logout(revoke = false): Promise<void> {
    await this.user.call('endSessions', {
      attempt: newAttempt(),
      target: 'all',
      flowLifetime: FLOW,
      notify: false,
      revoke,
    })
    if (this.model.session === 'open') this.model.session = 'ended'
    if (this.model.session === 'none') this.model.stale = true
  }

  /** The subject is forgotten: what was begun before never comes back. */
  async erase(): Promise<void> {
    const { model, user } = this
    await user.call('erase', { attempt: newAttempt(), flowLifetime: FLOW, endsProviderSession: false })
    model.session = 'erased'
    if (model.grant !== 'none') model.grant = 'dead'
    for (const id of [...model.consents.keys()]) this.takeBack(id)
  }

  /** After every step, every generation is active exactly when the model says so. */
  async check(): Promise<void> {
    const { model, user } = this
    for (let generation = 1; generation <= model.generation; generation += 1) {
      const active = (await user.inspect(generation, GRACE)) !== null
      expect(active, `generation ${generation}`).toBe(this.live && this.good(generation))
    }
    const strict = []
    for (let generation = 1; generation <= model.generation; generation += 1) {
      if ((await user.inspect(generation, 0)) !== null) strict.push(generation)
    }
    expect(strict).toEqual(this.live ? [model.generation] : [])
    await this.checkConsents()
    const session = await user.call('session', { sid: user.sid })
    expect(session !== null).toBe(model.session === 'open')
  }
}

it('behaves as a small model of it under any sequence of steps', async () => {
  const property = fc.asyncProperty(steps, async (sequence) => {
    const run = new Run()
    // Most sequences begin where it gets interesting.
    for (const first of ['login', 'grant', 'redeem'] as const) await run.step({ do: first })
    for (const step of sequence) await run.step(step)
  })
  await fc.assert(property, { numRuns: 60 })
})

it('refuses what was never started under any sequence of steps', async () => {
  const property = fc.asyncProperty(steps, async (sequence) => {
    const run = new Run()
    for (const step of sequence) await run.step(step)
  })
  await fc.assert(property, { numRuns: 40 })
})
