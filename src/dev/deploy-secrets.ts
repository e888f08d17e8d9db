import { randomBytes } from 'node:crypto'
import { lstat, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { CommandError } from './command-error.ts'
import { makeKept } from './kept.ts'

/** The secrets that a new installation needs. */
const NAMES = ['SECRETS_SYSTEM', 'ADMIN_API_KEYS'] as const

/** Secrets in a file of their own. */
interface KeptSecrets {
  readonly file: string
  /** The names of the secrets in it. */
  readonly names: readonly string[]
  /** Whether they were made now. */
  readonly made: boolean
}

/**
 * Makes the secrets of a Worker and keeps them in `NAME.env` in a directory; those that are there already stay.
 *
 * @throws CommandError with exit code 2 if what is there is no file of its owner alone with every secret in it
 */
export async function keepSecrets(directory: string, worker: string): Promise<KeptSecrets> {
  const file = join(directory, `${worker}.env`)
  const text = [
    `# The secrets of ${worker}. Keep this file; never commit it.`,
    `SECRETS_SYSTEM=${randomBytes(32).toString('base64url')}`,
    '# name@scope:key. The key alone is what is sent.',
    `ADMIN_API_KEYS=ops@all:${randomBytes(32).toString('hex')}`,
    '',
  ].join('\n')
  await makeKept(directory)
  try {
    await writeFile(file, text, { flag: 'wx', mode: 0o600 })
    return { file, names: NAMES, made: true }
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST')) throw thrown
  }
  const problem = await problemOf(file)
  if (problem !== undefined) throw new CommandError(`Nothing was made: ${file} ${problem}`, 2)
  return { file, names: NAMES, made: false }
}

/** Says what keeps a file from being used, and what to do; undefined if nothing does. */
async function problemOf(file: string): Promise<string | undefined> {
  const found = await lstat(file)
  if (!found.isFile())
    return 'is no regular file. Put the file that it leads to in its place, or take it away.'
  if ((found.mode & 0o077) !== 0 && process.platform !== 'win32')
    return `can be read or changed by others: chmod 600 it. If somebody may have, take it away, and new ones are made.`
  const values = parseEnv(await readFile(file, 'utf8'))
  const missing = NAMES.filter((name) => (values[name] ?? '') === '')
  if (missing.length === 0) return undefined
  return `lacks ${missing.join(' and ')}. Put back the copy that you keep, or take it away, and new ones are made.`
}
