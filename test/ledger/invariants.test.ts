import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { testEnv } from '../support/bindings.ts'
import { ran } from './model/command.ts'
import { LOGIN_COMMANDS, Real, wait } from './model/commands.ts'
import { checkNothingLeft } from './model/invariants.ts'
import { LIFE, Reference } from './model/reference.ts'
import { SMALL_COMMANDS, SmallReal, SmallReference } from './model/small-commands.ts'
import { TOKEN_COMMANDS } from './model/token-commands.ts'
import { stopClock } from './support.ts'

beforeEach(stopClock)
afterEach(() => {
  vi.useRealTimers()
})

/** How many commands run at least, which is few unless `npm run proof:model` says otherwise. */
const least = Number(testEnv()['TEST_MODEL_COMMANDS'] || 150)
const first = Number(testEnv()['TEST_MODEL_SEED'] || 0)
const WITHIN_MS = 7_200_000

/** Runs sequences until there were so many commands, each share of them from the next seed. */
async function runs(property: fc.IAsyncProperty<[Iterable<unknown>]>, commands: number): Promise<void> {
  const end = ran.commands + commands
  for (let seed = first; ran.commands < end; seed += 1) {
    await fc.assert(property, { numRuns: 3, ...(first > 0 && { seed }) })
    if (commands > 1_000 && seed % 20 === 0) console.log(`model: ${ran.commands} commands, seed ${seed}`)
  }
}

describe('commands, lost answers, evictions, alarms and time in any order', () => {
  it(
    'leave the ledger of a user as a small model of it says',
    async () => {
      const commands = fc.commands([...LOGIN_COMMANDS, ...LOGIN_COMMANDS, ...TOKEN_COMMANDS, wait], {
        maxCommands: 40,
        size: 'max',
      })
      const property = fc.asyncProperty(commands, async (sequence) => {
        const real = new Real()
        await fc.asyncModelRun(() => ({ model: new Reference(), real }), sequence)
        await checkNothingLeft(real.ledger, LIFE.session)
      })
      await runs(property, least)
    },
    WITHIN_MS,
  )

  it(
    'leave the ledgers of a client, a device, a flow, a directory and a network as a small model says',
    async () => {
      const commands = fc.commands([...SMALL_COMMANDS], { maxCommands: 40, size: 'max' })
      const property = fc.asyncProperty(commands, async (sequence) => {
        const real = new SmallReal()
        const model = new SmallReference()
        await fc.asyncModelRun(() => ({ model, real }), sequence)
        // The directory forgets an id only when its owner says so.
        for (const sid of model.bound.keys()) await real.directory.call('unbindSessions', { sids: [sid] })
        for (const ledger of real.all) if (ledger !== real.directory) await checkNothingLeft(ledger, 10_000)
      })
      await runs(property, least / 3)
      expect(ran.commands).toBeGreaterThan(least)
    },
    WITHIN_MS,
  )
})
