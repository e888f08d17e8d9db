import fc from 'fast-check'
import { expect } from 'vitest'
import { grantIdFor } from '../../../src/ledger/owner.ts'
import { sidOf } from '../../../src/util/ids.ts'
import { advance, Subject, seconds } from '../support.ts'
import { Command, fate, text } from './command.ts'
import { checkAll } from './invariants.ts'
import { CheckedLedger } from './ledger.ts'
import { CLIENTS, type ClientName, type FlowModel, LIFE, type Reference } from './reference.ts'

/** A user's real ledger, and inputs for it. */
export class Real {
  readonly subject = new Subject()
  readonly ledger = new CheckedLedger('subject', this.subject.name)
}

type Step = (model: Reference, real: Real) => Promise<unknown>

/** A command about a user's ledger, after which everything that can be seen of it is checked. */
export const command = (name: string, step: Step): Command<Reference, Real> =>
  new Command(name, async (model, real) => {
    await step(model, real)
    await checkAll(model, real)
  })

export const which = fc.nat(5)
export const client = fc.constantFrom<ClientName>(...CLIENTS)

/** The sids that the user's browsers may have. */
export const SIDS = ['one', 'two', 'three'] as const

const sids = new WeakMap<Real, Map<string, string>>()
export function sidIn(real: Real, name: string): string {
  const own = sids.get(real) ?? new Map<string, string>()
  sids.set(real, own)
  const sid = own.get(name) ?? crypto.randomUUID()
  own.set(name, sid)
  return sid
}

/** The nth flow from the end; undefined if there are not so many. */
export const flowAt = ({ flows }: Reference, back: number): FlowModel | undefined =>
  flows[flows.length - 1 - back]

const login = fc
  .tuple(fc.constantFrom(...SIDS), client, fc.boolean(), fate)
  .map(([name, clientId, remember, lot]) => {
    return command(text('login', name, clientId, lot), async (model, real) => {
      const { subject, ledger } = real
      const session = model.session(sidIn(real, name))
      if (seconds() >= session.flowsEnd) return
      const ends = seconds() + LIFE.flow
      const input = subject.loginInput({
        ...{ sid: session.sid, clientId, epoch: session.accepted, flowExpiresAt: ends },
        expiresAt: seconds() + LIFE.session,
      })
      const refused = ({ status }: { readonly status: string }): boolean => status === 'ended'
      const result = await ledger.call('login', input, lot, refused)
      const expected = session.status === 'ended' ? 'ended' : model.isStale(session) ? 'stale' : 'active'
      expect(result.status, 'an ended session does not come back; a stale login starts none').toBe(expected)
      if (result.status === 'stale') model.close(session)
      if (result.status !== 'active') return
      session.status = 'open'
      session.until = Math.max(session.until, seconds() + LIFE.session)
      const id = grantIdFor(sidOf(session.sid))
      const empty = { codeEnds: 0, tokensEnd: 0, rememberedUntil: 0, generation: 0, redemptions: 0 }
      model.flows.push({
        ...{ id, client: clientId, session, ends, epoch: result.epoch, remember, barred: false },
        ...{ state: 'consenting', superseded: new Map(), lastAttempt: '' },
        ...empty,
      })
    })
  })

/** A login app accepts a login in a browser: from now on what ended before no longer concerns it. */
const accept = fc.constantFrom(...SIDS).map((name) =>
  command(text('accept', name), async (model, real) => {
    const epoch = await real.ledger.call('loginEpoch', null)
    const own = sids.get(real)
    const session = model.session(sidIn(real, name))
    if (session.status === 'open') return
    // A new login has a new session id.
    own?.set(name, crypto.randomUUID())
    const fresh = model.session(sidIn(real, name))
    Object.assign(fresh, { accepted: epoch, acceptedAfter: model.timesEnded })
  }),
)

/** The user goes back to the login page of a flow, and logs in once more; the app accepts that anew. */
const back = fc.tuple(which, fate).map(([nth, lot]) =>
  command(text('back', nth, lot), async (model, real) => {
    const flow = flowAt(model, nth)
    if (flow === undefined || seconds() >= flow.ends) return
    const { session, state } = flow
    if (session.status !== 'open' || seconds() >= session.until) return
    // Of a code or tokens that are alive the ledger knows the epoch of their own verifier.
    if (state !== 'consenting' && state !== 'dead') return
    const { subject, ledger } = real
    const result = await ledger.call(
      'login',
      subject.loginInput({
        ...{ sid: session.sid, clientId: flow.client, flowExpiresAt: flow.ends },
        ...{ epoch: await ledger.call('loginEpoch', null), expiresAt: seconds() + LIFE.session },
      }),
      lot,
    )
    expect(result.status, 'a session that is open takes a login').toBe('active')
    if (result.status !== 'active') return
    session.until = Math.max(session.until, seconds() + LIFE.session)
    Object.assign(flow, { epoch: result.epoch, barred: false })
  }),
)

const grant = fc
  .tuple(which, fc.constantFrom('yes', 'yes', 'yes', 'other'), fate)
  .map(([back, digest, lot]) =>
    command(text('grant', back, digest, lot), async (model, real) => {
      const flow = flowAt(model, back)
      if (flow === undefined || seconds() >= flow.ends) return
      // Only a second decision may be another one.
      if (flow.state === 'consenting' && digest !== 'yes') return
      const { subject, ledger } = real
      const { id, epoch, ends, remember, session } = flow
      const input = subject.grantInput({
        ...{ id, epoch, digest, flowExpiresAt: ends, codeLifetime: LIFE.code },
        record: { clientId: flow.client, sid: session.sid, remember },
        consentExpiresAt: remember ? seconds() + LIFE.consent : null,
      })
      const refused = ({ status }: { readonly status: string }): boolean => status !== 'granted'
      const result = await ledger.call('grant', input, lot, refused)
      if (!model.mayGoOn(flow) || flow.state === 'live' || flow.state === 'dead')
        return expect(result.status, 'a verifier from before a revocation gives nothing').toBe('ended')
      if (flow.state === 'code' && digest !== 'yes')
        return expect(result.status, 'another decision for a flow is refused').toBe('conflict')
      if (flow.state === 'code' && !model.isCode(flow)) return expect(result.status).toBe('ended')
      expect(result.status).toBe('granted')
      if (flow.state === 'consenting') begin(model, flow)
      if (result.status === 'granted') expect(result.codeExpiresAt).toBe(flow.codeEnds)
    }),
  )

function begin(model: Reference, flow: FlowModel): void {
  flow.state = 'code'
  flow.codeEnds = seconds() + LIFE.code
  flow.tokensEnd = flow.codeEnds
  if (!flow.remember) return
  for (const older of model.flows)
    if (older.client === flow.client && older !== flow) older.rememberedUntil = 0
  flow.rememberedUntil = seconds() + LIFE.consent
}

export const LOGIN_COMMANDS: readonly fc.Arbitrary<Command<Reference, Real>>[] = [login, accept, back, grant]
export const wait = fc
  .constantFrom(1, 30, 59, 61, 700, 2_000, 90_000)
  .map((by) => command(text('wait', by), async () => advance(by)))
