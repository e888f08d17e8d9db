import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Options } from './options.ts'
import { ROOT, STATE } from './paths.ts'

/**
 * `ladon reset`: clears the local state that `ladon dev` keeps, and nothing else: secrets stay. Of a directory given
 * with `--persist-to` only the part that wrangler writes is removed.
 */
export async function reset(args: readonly string[]): Promise<number> {
  const given = new Options(args).value('persist-to')
  const state = given === undefined ? STATE : join(resolve(ROOT, given), 'v3')
  await rm(state, { recursive: true, force: true })
  console.log(`Cleared ${state}`)
  return 0
}
