import { expect } from 'vitest'
import { advance } from '../support.ts'
import type { Real } from './commands.ts'
import type { CheckedLedger } from './ledger.ts'
import { CLIENTS, type ClientName, LIFE, type Reference } from './reference.ts'

/** Holds everything that can be seen of a user's ledger against the reference. */
export async function checkAll(model: Reference, real: Real): Promise<void> {
  await real.ledger.reading(async () => {
    await checkGenerations(model, real)
    await checkSessions(model, real)
    await checkConsents(model, real)
    await checkEpochs(model, real)
  })
}

/** One current generation; nothing alive after an acknowledged revocation; what expired is absent. */
async function checkGenerations(model: Reference, { ledger }: Real): Promise<void> {
  // Those before had their turn.
  for (const flow of model.flows.slice(-6)) {
    expect(flow.redemptions, 'a code is redeemed once').toBeLessThanOrEqual(1)
    for (let generation = Math.max(1, flow.generation - 1); generation <= flow.generation; generation += 1) {
      for (const grace of [0, LIFE.grace]) {
        const limits = { seconds: grace, uses: 0 }
        const input = { id: flow.id, generation, grace: limits, use: 'access_token' } as const
        const active = (await ledger.read('inspect', input)) !== null
        const name = `generation ${generation} of ${flow.generation}, grace ${grace}, ${flow.state}`
        expect(active, name).toBe(model.isGood(flow, generation, grace))
      }
    }
  }
  const last = model.flows.at(-1)
  if (last === undefined || !model.isGood(last, last.generation, 0)) return
  const { grant } = await ledger.read('story', { id: last.id, sid: null, generation: null })
  expect(grant, 'nothing is said to have ended what is alive').toMatchObject({ ended: null })
}

async function checkSessions(model: Reference, { ledger }: Real): Promise<void> {
  for (const session of model.sessions.slice(-4)) {
    const known = (await ledger.read('session', { sid: session.sid })) !== null
    expect(known, `a session is there until it ends: ${session.status}`).toBe(session.status === 'open')
  }
}

/** Consents are listed while they are remembered or live tokens rest on them. */
async function checkConsents(model: Reference, { ledger }: Real): Promise<void> {
  const input = { sid: null, after: null, limit: 100 }
  const listed = (await ledger.read('listGrants', input)).map(({ id }): string => id)
  const expected = model.standing()
  expect(listed.toSorted(), 'consents').toEqual(expected.map(({ id }) => id).toSorted())
  expect(await ledger.read('countGrants', { sid: null })).toBe(expected.length)
}

/**
 * Holds what a call told the grants book of ends against the reference, which knows of the call.
 * @param clients those whose grants the call ended
 */
export function checkEnds(model: Reference, { ends }: Told, clients: readonly ClientName[]): void {
  const standing = new Set(model.standing().map(({ client }): string => client))
  const told: readonly string[] = ends?.clients === null ? CLIENTS : (ends?.clients ?? [])
  expect(
    told.filter((client) => standing.has(client)),
    'nothing that is alive is told of as over',
  ).toEqual([])
  const over = clients.filter((client) => !standing.has(client))
  expect(told, 'what is over is told').toEqual(expect.arrayContaining(over))
}

interface Told {
  readonly ends?: { readonly clients: readonly string[] | null }
}

/** No epoch falls while a flow from before it may come; once it is forgotten it is 0. */
async function checkEpochs(model: Reference, { ledger }: Real): Promise<void> {
  const told = await ledger.read('loginEpoch', null)
  if (told !== 0) expect(told, 'no epoch falls').toBeGreaterThanOrEqual(model.greatestEpoch)
  model.greatestEpoch = Math.max(model.greatestEpoch, told)
}

/** After everything has expired alarms leave nothing: no row, no table, no alarm. */
export async function checkNothingLeft(ledger: CheckedLedger, until: number): Promise<void> {
  advance(until)
  for (let run = 0; run < 20 && (await ledger.alarmAt()) !== null; run += 1) {
    await ledger.alarm()
    advance(40 * 86_400)
  }
  expect(await ledger.stored(), 'alarms leave nothing behind').toBe('[]')
  expect(await ledger.alarmAt()).toBeNull()
}
