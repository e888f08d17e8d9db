import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Options } from './options.ts'
import { ROOT, STATE } from './paths.ts'

/**
 * `ladon reset`: deletes the local state of `ladon dev`, but not its secrets. In a directory that is given with
 * `--persist-to` it deletes only what wrangler writes. Returns the exit code.
 */
export async function reset(args: readonly string[]): Promise<number> {
  const given = new Options(args).value('persist-to')
  const state = given === undefined ? STATE : join(resolve(ROOT, given), 'v3')
  await rm(state, { recursive: true, force: true })
  console.log(`Cleared ${state}`)
  return 0
}
