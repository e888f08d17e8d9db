import { defineCommand } from '../command.ts'
import type { Check, Verdict } from '../doctor/check.ts'
import { gather } from '../doctor/gather.ts'
import { keyChecks } from '../doctor/keys.ts'
import { opennessChecks } from '../doctor/openness.ts'
import { reachChecks } from '../doctor/reach.ts'
import { text } from '../flags.ts'
import { plain } from '../plain.ts'
import { CLI_VERSION } from './version.ts'

/** Every check, in the order in which they are told. */
export const CHECKS: readonly Check[] = [...reachChecks, ...keyChecks, ...opennessChecks]

const MARKS: Readonly<Record<Verdict['state'], string>> = {
  ok: 'ok    ',
  fault: 'FAULT ',
  note: 'note  ',
  unknown: '?     ',
}
const COLOURS: Readonly<Record<Verdict['state'], number>> = { ok: 32, fault: 31, note: 33, unknown: 90 }

export const doctor = defineCommand({
  name: 'doctor',
  about:
    'Look at a server from outside and from inside, and say what is wrong with how to mend it. Changes nothing.',
  more:
    'Exit code 1 if there is a fault; notes may be meant. With a key of scope "all", in the checkout that you deploy from, ' +
    'it sees most.',
  flags: {
    'workers-dev': text(
      'The address below workers.dev, which should be closed; else the one that a deployment from this checkout noted.',
      'URL',
    ),
  },
  examples: ['ladon doctor', 'ladon doctor --format json | jq -r \'.[] | select(.state != "ok") | .check\''],
  async run({ flags, server, terminal }) {
    const facts = await gather(server(), {
      folder: terminal.folder,
      workersDev: flags['workers-dev'],
      cliVersion: CLI_VERSION,
    })
    const verdicts = CHECKS.map((check) => ({ check: check.name, ...check.judge(facts) }))
    const width = Math.max(...verdicts.map(({ check }) => check.length))
    const paint = (state: Verdict['state']): string =>
      terminal.colours ? `\u001b[${COLOURS[state]}m${MARKS[state]}\u001b[0m` : MARKS[state]
    const faults = verdicts.filter(({ state }) => state === 'fault')
    const lines = verdicts.flatMap(({ check, state, said, fix }) => [
      `${paint(state)}${check.padEnd(width)}  ${plain(said)}`,
      ...(fix === undefined ? [] : [`      ${' '.repeat(width)}  Fix: ${plain(fix)}`]),
    ])
    const sum =
      faults.length === 0 ? 'No faults.' : `${faults.length} of ${verdicts.length} checks found a fault.`
    return {
      data: verdicts,
      ids: faults.map(({ check }) => check),
      lines: [...lines, '', sum],
      exitCode: faults.length === 0 ? 0 : 1,
    }
  },
})
