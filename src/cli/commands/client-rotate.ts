import { defineCommand, operand } from '../command.ts'
import { usage } from '../failure.ts'
import { text, toggle } from '../flags.ts'
import { oneItem, type Result } from '../output.ts'
import { segment } from '../paths.ts'
import { plain } from '../plain.ts'
import { clientColumns, clientId, newClientColumns, textOf } from './client-view.ts'

export const clientRotate = defineCommand({
  name: 'client rotate',
  about:
    'Give a client a new secret, which is shown this once. Its older ones stay good until you forget them.',
  more: '-q prints the new secret alone.',
  operands: { shown: 'ID', least: 1, most: 1 },
  flags: {
    'expires-at': text(
      'When the new secret ends: a date or time like 2027-01-31, or seconds since 1970.',
      'TIME',
    ),
    'forget-old': toggle('Make no new secret, but end the older ones.'),
  },
  examples: ['ladon client rotate my-job', 'ladon client rotate my-job --forget-old'],
  async run(call) {
    const { flags, server } = call
    const path = `/clients/${segment(operand(call))}/secrets/rotate`
    const changed = flags['forget-old']
      ? await server().object(path, { method: 'DELETE' })
      : await server().object(path, {
          method: 'POST',
          query: { client_secret_expires_at: secondsOf(flags['expires-at']) },
        })
    const id = clientId(changed)
    if (flags['forget-old']) return withNext(oneItem(changed, id, clientColumns), FORGOTTEN)
    // Whoever asks knows the id, and cannot ask for the secret again.
    const quiet = textOf(changed['client_secret'])
    return withNext(oneItem(changed, quiet, newClientColumns), whatNext(id))
  },
})

const withNext = (result: Result, next: readonly string[]): Result => ({
  ...result,
  lines: [...result.lines, '', ...next.map(plain)],
})

const FORGOTTEN = ['Its newest secret alone is good, everywhere within a minute.']

const whatNext = (id: string): readonly string[] => [
  'Keep the secret now: it is not shown again. The older ones are good until they are forgotten.',
  `When the new one is wherever the client runs: ladon client rotate ${id} --forget-old`,
]

/** Returns a time as the server takes it, in seconds since 1970. Throws CliFailure for what is no time. */
function secondsOf(time: string | undefined): string | undefined {
  if (time === undefined || /^\d+$/.test(time)) return time
  const milliseconds = /^\d{4}-/.test(time) ? Date.parse(time) : Number.NaN
  if (Number.isNaN(milliseconds))
    throw usage('--expires-at takes a date, a time, or seconds since 1970.', 'For example 2027-01-31.')
  return String(Math.floor(milliseconds / 1000))
}
