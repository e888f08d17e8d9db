import fc from 'fast-check'
import { expect } from 'vitest'
import { advance, newAttempt, seconds } from '../support.ts'
import { Command as AnyCommand, fate, text } from './command.ts'
import { CheckedLedger } from './ledger.ts'

/** The real ledgers of a client shard, a device, a flow's state, a directory shard and a network. */
export class SmallReal {
  readonly shard = new CheckedLedger('client')
  readonly device = new CheckedLedger('device')
  readonly flow = new CheckedLedger('flow')
  readonly directory = new CheckedLedger('directory')
  readonly network = new CheckedLedger('guesser')

  get all(): readonly CheckedLedger[] {
    return [this.shard, this.device, this.flow, this.directory, this.network]
  }
}

interface Pending {
  readonly id: string
  readonly until: number
  answer: 'pending' | 'denied' | { readonly grantId: string }
}

/** What these ledgers must look like from outside. */
export class SmallReference {
  /** Until when an id counts as consumed, by id. */
  readonly consumed = new Map<string, number>()
  readonly blobs = new Map<string, { readonly data: string; readonly until: number }>()
  readonly bound = new Map<string, string>()
  device: Pending | undefined
  /** When the allowance of the network is whole again, ms. */
  wholeMs = 0
}

type Small = AnyCommand<SmallReference, SmallReal>

const command = (name: string, step: (model: SmallReference, real: SmallReal) => Promise<unknown>): Small =>
  new AnyCommand(name, async (model, real) => {
    await step(model, real)
    await checkSmall(model, real)
  })

/** An id stays consumed for this long after it expired. */
const MARGIN = 60

const id = fc.constantFrom('a', 'b', 'c')
const life = fc.constantFrom(1, 60, 700)

const consume = fc
  .tuple(id, life, fc.constantFrom('consumeId', 'revokeId'), fate)
  .map(([name, by, method, lot]) =>
    command(text(method, name, by, lot), async (model, { shard }) => {
      const known = (model.consumed.get(name) ?? 0) > seconds()
      const input = { attempt: newAttempt(), id: name, expiresAt: seconds() + by }
      const { first } = await shard.call(method, input, lot, (answer) => !answer.first)
      expect(first, 'an id is consumed once').toBe(!known)
      if (!known) model.consumed.set(name, seconds() + by + MARGIN)
    }),
  )

const put = fc.tuple(id, fc.constantFrom('x', 'y'), life, fate).map(([name, data, by, lot]) =>
  command(text('putBlob', name, data, by, lot), async (model, { flow }) => {
    const until = seconds() + by
    await flow.call('putBlob', { id: name, data, expiresAt: until }, lot)
    const known = model.blobs.get(name)
    const same = known !== undefined && known.data === data
    model.blobs.set(name, { data, until: same ? Math.max(known.until, until) : until })
  }),
)

const bind = fc.tuple(id, fc.constantFrom('o', 'p'), fate).map(([sid, owner, lot]) =>
  command(text('bindSession', sid, owner, lot), async (model, { directory }) => {
    const known = model.bound.get(sid)
    const refused = (answer: { readonly owner: string }): boolean => answer.owner !== owner
    const bound = await directory.call('bindSession', { sid, owner }, lot, refused)
    expect(bound.owner, 'the first owner keeps the id').toBe(known ?? owner)
    model.bound.set(sid, known ?? owner)
  }),
)

const unbind = fc.tuple(id, fate).map(([sid, lot]) =>
  command(text('unbindSessions', sid, lot), async (model, { directory }) => {
    await directory.call('unbindSessions', { sids: [sid] }, lot)
    model.bound.delete(sid)
  }),
)

/** The device's request, unless it expired. */
const present = ({ device }: SmallReference): Pending | undefined =>
  device !== undefined && device.until > seconds() ? device : undefined

const open = fc.tuple(id, life, fate).map(([name, by, lot]) =>
  command(text('openDevice', name, by, lot), async (model, { device }) => {
    const input = { attempt: newAttempt(), id: name, request: 'scope=openid', expiresAt: seconds() + by }
    const there = present(model)
    const { opened } = await device.call('openDevice', input, lot, (answer) => !answer.opened)
    expect(opened, 'a user code stands for one device').toBe(there === undefined || there.id === name)
    if (there === undefined) model.device = { id: name, until: seconds() + by, answer: 'pending' }
  }),
)

const settle = fc.tuple(id, fc.constantFrom('g1', 'g2', 'no'), fate).map(([name, grantId, lot]) =>
  command(text('settleDevice', name, grantId, lot), async (model, { device }) => {
    const grant = grantId === 'no' ? null : { owner: 'o', grantId, epoch: 1 }
    const input = { attempt: newAttempt(), id: name, grant }
    const refused = ({ status }: { readonly status: string }): boolean => status !== 'settled'
    const { status } = await device.call('settleDevice', input, lot, refused)
    const there = present(model)
    if (there?.id !== name) return expect(status, 'an expired row is absent').toBe('gone')
    const { answer } = there
    const same =
      answer === 'denied' ? grant === null : answer !== 'pending' && answer.grantId === grant?.grantId
    expect(status, 'the first answer counts').toBe(answer === 'pending' || same ? 'settled' : 'taken')
    if (answer === 'pending') there.answer = grant === null ? 'denied' : { grantId }
  }),
)

const ALLOWANCE = { id: 'codes', burst: 5, everyMs: 120_000 } as const

const spend = fc.tuple(fc.constantFrom(1, 1, 1, 7), fate).map(([times, lot]) =>
  command(text('spend', times, lot), async (model, { network }) => {
    for (let time = 0; time < times; time += 1) {
      const whole = Math.max(model.wholeMs, Date.now())
      const may = whole - Date.now() <= (ALLOWANCE.burst - 1) * ALLOWANCE.everyMs
      const input = { attempt: newAttempt(), allowances: [ALLOWANCE] }
      const { spent } = await network.call('spend', input, lot, (answer) => !answer.spent)
      expect(spent, 'a network may try so many').toBe(may)
      if (may) model.wholeMs = whole + ALLOWANCE.everyMs
    }
  }),
)

const wait = fc.constantFrom(1, 59, 61, 700).map((by) => command(text('wait', by), async () => advance(by)))
const evict = fc.constant(
  command('evict', async (_model, { all }) => {
    for (const ledger of all) {
      await ledger.stored()
      await ledger.evict()
    }
  }),
)
const alarm = fc.constant(
  command('alarm', async (_model, { all }) => {
    for (const ledger of all) await ledger.alarm()
  }),
)

/** An expired row is absent, and what did not expire is there. */
async function checkSmall(
  model: SmallReference,
  { shard, flow, directory, device, network }: SmallReal,
): Promise<void> {
  for (const name of ['a', 'b', 'c']) {
    const known = await shard.read('isIdRevoked', { id: name })
    expect(known, `consumed: ${name}`).toBe((model.consumed.get(name) ?? 0) > seconds())
    const blob = model.blobs.get(name)
    const data = blob !== undefined && blob.until > seconds() ? blob.data : null
    expect(await flow.read('getBlob', { id: name }), `blob: ${name}`).toBe(data)
    const owners = await directory.read('owners', { prefix: name })
    expect(owners.map(({ owner }): string => owner)).toEqual([model.bound.get(name) ?? []].flat())
  }
  const { free } = await network.read('left', { allowances: [ALLOWANCE] })
  const used = Math.max(0, model.wholeMs - Date.now()) / ALLOWANCE.everyMs
  expect(free, 'what is left').toBe(Math.floor(ALLOWANCE.burst - used))
  const there = present(model)
  const waits = there?.answer === 'pending' ? there.id : undefined
  expect((await device.read('findDevice', null))?.id, 'the device that waits').toBe(waits)
  if (there === undefined || there.answer === 'pending') return
  const { status } = await device.read('pollDevice', { id: there.id, intervalMs: 5_000 })
  expect(status, 'one answer').toBe(there.answer === 'denied' ? 'denied' : 'approved')
}

export const SMALL_COMMANDS: readonly fc.Arbitrary<Small>[] = [
  ...[consume, consume, put, bind, unbind, open, settle, settle, spend, wait, wait, evict, alarm],
]
