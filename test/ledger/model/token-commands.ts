import fc from 'fast-check'
import { expect } from 'vitest'
import { newAttempt, seconds } from '../support.ts'
import { type Command, fate, text } from './command.ts'
import { client, command, flowAt, type Real, SIDS, sidIn, which } from './commands.ts'
import { checkEnds } from './invariants.ts'
import { type ClientName, type FlowModel, LIFE, type Reference } from './reference.ts'

const redeem = fc.tuple(which, fc.boolean(), fate).map(([back, other, lot]) =>
  command(text('redeem', back, other ? 'by another client' : '', lot), async (model, real) => {
    const flow = flowAt(model, back)
    if (flow === undefined) return
    const { subject, ledger } = real
    const attempt = newAttempt()
    const clientId = other ? 'stranger' : flow.client
    const keep = { keepSeconds: LIFE.keep, epoch: flow.epoch, tellEnds: true }
    const input = subject.redeemInput({ id: flow.id, clientId, attempt, ...keep })
    const refused = ({ status }: { readonly status: string }): boolean =>
      status === 'gone' || (status === 'reused' && flow.state !== 'live')
    const result = await ledger.call('redeem', input, lot, refused)
    const { status } = result
    if (other) return expect(status, 'a code of another client neither works nor revokes').toBe('gone')
    if (flow.state === 'live' || flow.state === 'dead') {
      if (model.isLive(flow)) expect(status, 'a code is redeemed once').toBe('reused')
      else expect(['reused', 'gone'], 'a code is redeemed once').toContain(status)
      if (result.status === 'reused') {
        model.end([flow])
        checkEnds(model, result, [flow.client])
      }
      return
    }
    const good = model.isCode(flow) && !flow.barred && flow.session.status === 'open'
    expect(status, 'a code lives until it expires, its session ends or its consent is revoked').toBe(
      good ? 'issued' : 'gone',
    )
    if (good) win(flow, 1, attempt)
  }),
)

function win(flow: FlowModel, generation: number, attempt: string): void {
  if (generation === 1) flow.redemptions += 1
  else flow.superseded.set(flow.generation, Date.now())
  flow.state = 'live'
  flow.tokensEnd = Math.max(flow.tokensEnd, seconds() + LIFE.keep)
  flow.generation = generation
  flow.lastAttempt = attempt
}

const refresh = fc
  .tuple(which, fc.constantFrom(0, 0, 0, 1, 1, 2), fc.boolean(), fate)
  .map(([back, behind, again, lot]) =>
    command(text('refresh', back, -behind, again ? 'again' : '', lot), async (model, real) => {
      const flow = flowAt(model, back)
      const presented = (flow?.generation ?? 0) - behind
      if (flow === undefined || presented < 1) return
      const attempt = again ? flow.lastAttempt : newAttempt()
      const input = real.subject.refreshInput(presented, {
        ...{ id: flow.id, clientId: flow.client, attempt, keepSeconds: LIFE.keep },
        grace: { seconds: LIFE.grace, uses: 0 },
        tellEnds: true,
      })
      const expected = outcome(model, flow, presented, attempt)
      const result = await real.ledger.call('refresh', input, lot, ({ status }) => status === 'gone')
      const told = result.status === 'issued' ? result.via : result.status
      // A repeat is told as that.
      const repeated = expected === 'advance' && lot !== 'arrives' ? 'repeat' : expected
      if (expected === undefined) expect(['gone', 'reused'], 'nothing dead is refreshed').toContain(told)
      else expect(told, 'one current generation').toBe(repeated)
      if (result.status === 'reused') {
        model.end([flow])
        checkEnds(model, result, [flow.client])
      }
      if (expected === 'advance') win(flow, presented + 1, attempt)
      if (result.status === 'issued') expect(result.generation, 'one successor').toBe(flow.generation)
    }),
  )

function outcome(
  model: Reference,
  flow: FlowModel,
  presented: number,
  attempt: string,
): 'advance' | 'repeat' | 'grace' | 'reused' | undefined {
  if (!model.isLive(flow)) return undefined
  if (presented === flow.generation) return 'advance'
  if (presented === flow.generation - 1 && attempt === flow.lastAttempt) return 'repeat'
  return model.isGood(flow, presented, LIFE.grace) ? 'grace' : 'reused'
}

const once = () => ({ attempt: newAttempt(), flowLifetime: LIFE.flow, tellEnds: true }) as const

const clientsOf = (model: Reference, ids: readonly string[]): readonly ClientName[] =>
  model.flows.filter(({ id }) => ids.includes(id)).map((flow) => flow.client)

const revokeToken = fc.tuple(which, fc.boolean(), fate).map(([back, other, lot]) =>
  command(text('revoke a token', back, other ? 'of another client' : '', lot), async (model, real) => {
    const flow = flowAt(model, back)
    if (flow === undefined) return
    const clientId = other ? 'stranger' : flow.client
    const input = { ...once(), id: flow.id, clientId }
    const answer = await real.ledger.call('revokeGrant', input, lot, ({ revoked }) => !revoked)
    const { revoked } = answer
    if (other) return expect(revoked, 'nobody revokes for another client').toBe(false)
    if (model.isLive(flow) || model.isCode(flow)) expect(revoked).toBe(true)
    model.end([flow])
    checkEnds(model, answer, revoked ? [flow.client] : [])
  }),
)

const revokeConsents = fc
  .tuple(fc.oneof(fc.constant('all' as const), client, which), fate)
  .map(([target, lot]) =>
    command(text('revoke consents', target, lot), async (model, real) => {
      const flow = typeof target === 'number' ? flowAt(model, target) : undefined
      if (typeof target === 'number' && flow === undefined) return
      const named =
        flow === undefined ? (target === 'all' ? 'all' : { clientId: String(target) }) : { id: flow.id }
      const answer = await real.ledger.call('revokeGrants', { ...once(), target: named }, lot)
      const concerned = model.flows.filter((one) => {
        if (flow !== undefined) return one === flow && one.state !== 'consenting'
        return target === 'all' || one.client === target
      })
      model.revoke(concerned)
      checkEnds(model, answer, clientsOf(model, answer.revoked))
    }),
  )

const endSessions = fc
  .tuple(fc.oneof(fc.constant('all' as const), fc.constantFrom(...SIDS)), fc.boolean(), fate)
  .map(([name, revoke, lot]) =>
    command(text('end sessions', name, revoke ? 'with tokens' : '', lot), async (model, real) => {
      const session = name === 'all' ? undefined : model.session(sidIn(real, name))
      const target = session === undefined ? 'all' : { sid: session.sid }
      const open = model.sessions.filter(
        (one) => one.status === 'open' && (session === undefined || one === session),
      )
      const input = { ...once(), target, notify: false, revoke } as const
      const answer = await real.ledger.call('endSessions', input, lot)
      const { ended } = answer
      expect(ended.toSorted(), 'what was open ends').toEqual(open.map(({ sid }) => sid).toSorted())
      for (const one of open) model.close(one)
      if (session === undefined) model.timesEnded += 1
      // With all sessions all tokens end, also those that an earlier end of their session had left alone.
      if (revoke)
        model.end(model.flows.filter((flow) => session === undefined || open.includes(flow.session)))
      checkEnds(model, answer, clientsOf(model, answer.revoked))
    }),
  )

const retract = fc.tuple(which, fate).map(([back, lot]) =>
  command(text('retract', back, lot), async (model, real) => {
    const flow = flowAt(model, back)
    if (flow === undefined) return
    const input = { ...once(), id: flow.id }
    const answer = await real.ledger.call('retractGrant', input, lot, (told) => told.status === 'redeemed')
    const { status } = answer
    if (flow.state === 'live' && model.isLive(flow)) return expect(status).toBe('redeemed')
    if (status === 'retracted' && flow.state !== 'consenting') model.revoke([flow])
    if (answer.status === 'retracted') checkEnds(model, answer, clientsOf(model, answer.revoked))
  }),
)

const evict = fc.constant(
  command('evict', async (_model, { ledger }) => {
    // What was never called is not in memory.
    await ledger.stored()
    await ledger.evict()
  }),
)
const alarm = fc.constant(
  command('alarm', async (_model, real) => {
    await real.ledger.alarm()
  }),
)

export const TOKEN_COMMANDS: readonly fc.Arbitrary<Command<Reference, Real>>[] = [
  redeem,
  refresh,
  refresh,
  refresh,
  revokeToken,
  revokeConsents,
  endSessions,
  retract,
  evict,
  alarm,
]
