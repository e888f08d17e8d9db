import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { CommandError } from './command-error.ts'
import { runningOn } from './dev-note.ts'
import { Options } from './options.ts'
import { ROOT, STATE } from './paths.ts'

/**
 * `ladon reset`: deletes the local state of `ladon dev`, but not its secrets. In a directory that is given with
 * `--persist-to` it deletes only what wrangler writes. Returns the exit code. Throws CommandError with exit code 2 while a
 * server of `ladon dev` runs on that state.
 */
export async function reset(args: readonly string[]): Promise<number> {
  const given = new Options(args).value('persist-to')
  const base = await runningOn(given === undefined ? STATE : resolve(ROOT, given))
  if (base !== undefined)
    throw new CommandError(
      `Nothing was cleared: the server on ${base} runs on that state. Stop it first, with Ctrl-C in its terminal.`,
      2,
    )
  const state = given === undefined ? STATE : join(resolve(ROOT, given), 'v3')
  await rm(state, { recursive: true, force: true })
  console.log(`Cleared ${state}`)
  return 0
}
