import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lastRelease, nextRelease, type Release, thisRelease } from '../releases/release.ts'
import { Rollout, type Side, UnderWay } from '../releases/rollout.ts'
import { leave, type Passed, type Stage } from '../releases/stage.ts'
import { STEPS } from '../releases/steps.ts'
import { type Site, startSite } from '../support/site.ts'

type Releases = Readonly<Record<Side, Release>>

/** How two releases run beside each other during a rollout. */
interface Pairing {
  readonly name: string
  readonly releases: Releases
  /** Which Workers get the requests, in turn. */
  readonly workers: readonly Side[]
  /** Whether ledgers have the older code until a request finds that it must wait. */
  readonly ledgersFollow: boolean
}

const here = await thisRelease('this')
const last = await lastRelease()

const pairing = (
  name: string,
  releases: Releases,
  workers: readonly Side[],
  ledgersFollow = false,
): Pairing => ({
  name: `${releases.old.note.version} and ${releases.new.note.version}: ${name}`,
  ...{ releases, workers, ledgersFollow },
})

const newWorkerOldLedgers = (releases: Releases): Pairing =>
  pairing('new Worker, old ledgers', releases, ['new'], true)

const pairingsOf = (releases: Releases): readonly Pairing[] => [
  newWorkerOldLedgers(releases),
  pairing('old Worker, new ledgers', releases, ['old']),
  pairing('both Workers in turn, the old one first', releases, ['old', 'new']),
  pairing('both Workers in turn, the new one first', releases, ['new', 'old']),
]

/** Where a request must wait for its ledgers, of releases that are made for this test. */
const WAITS = {
  // It tells another number with every call, so whatever needs a ledger waits.
  raised: expect.arrayContaining([
    'GET /health/ready',
    'GET /oauth2/auth',
    'GET /oauth2/sessions/logout',
    'POST /oauth2/token',
    'POST /oauth2/revoke',
    'POST /oauth2/device/auth',
    'POST /admin/oauth2/introspect',
    'DELETE /admin/oauth2/auth/sessions/consent',
    'DELETE /admin/oauth2/auth/sessions/login',
    'DELETE /admin/subjects/ivan',
  ]),
  // Only what calls the method or sends the argument that is new waits.
  added: ['GET /userinfo', 'POST /admin/oauth2/introspect', 'POST /oauth2/revoke'],
}

const raised = { old: here, new: nextRelease(here, 'raised') }
const added = { old: here, new: nextRelease(here, 'added') }

const PAIRINGS: readonly (Pairing & { readonly waits?: unknown })[] = [
  ...(last === undefined ? [] : pairingsOf({ old: last, new: here })),
  ...pairingsOf(raised).map((one) => (one.ledgersFollow ? { ...one, waits: WAITS.raised } : one)),
  { ...newWorkerOldLedgers(added), waits: WAITS.added },
]

it('this release has every migration of the last one, as it was', () => {
  const kept = [...(last?.migrations ?? [])]
  expect(kept.map(([name]) => [name, here.migrations.get(name)])).toEqual(kept)
  expect(here.note.protocol).toBeGreaterThanOrEqual(last?.note.protocol ?? 1)
})

describe.each(PAIRINGS)('$name', ({ releases, workers, ledgersFollow, waits = expect.any(Array) }) => {
  let rollout: Rollout
  let site: Site
  let at: UnderWay
  let stage: Stage

  beforeAll(async () => {
    site = await startSite('localhost')
    rollout = await Rollout.start(releases)
    const first = workers[0] ?? 'new'
    let turn = 0
    const next = (): Side => {
      turn += 1
      return workers[(turn - 1) % workers.length] ?? first
    }
    at = new UnderWay(rollout, next, ledgersFollow)
    const one = new UnderWay(rollout, () => first, ledgersFollow)
    const left = await leave(rollout.worker('old'), at, site)
    await rollout.migrate()
    await rollout.deployLedgers(ledgersFollow ? 'old' : 'new', true)
    // Each member is set by the step that makes it.
    stage = { at, one, left, passed: {} as Passed }
  })

  afterAll(async () => {
    await rollout.stop()
    await site.stop()
  })

  it.each(STEPS)('step: $name', (step) => step.run(stage))

  it('nothing waited that need not', () => {
    expect([...new Set(at.repeated)].sort()).toEqual(waits)
  })
})
