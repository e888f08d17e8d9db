import { access, chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { LAST_BACKUP } from '../cli/checkout.ts'
import { composeBackup } from './backup-file.ts'
import { CommandError } from './command-error.ts'
import { configOf, refuseOthers } from './deploy-plan.ts'
import { makeKept } from './kept.ts'
import { Options } from './options.ts'
import { runTool } from './tools.ts'

const USAGE = `Usage: npm run backup -- [options]

Writes the D1 database of your account into a file that only you can read.

  --output FILE   the file; ladon-backup-TIME.sql without it
  --replace       replace the file if it is there
  --local         the database of this checkout's development server
  --env NAME      the environment in wrangler.toml
  --config FILE   another wrangler.toml`

/**
 * `ladon backup [--output FILE] [--replace] [--local]`: writes the D1 database into one file that only its owner may read, with what
 * it holds in its first line. The database is that of the account unless `--local` is given. Returns the exit code.
 * Throws CommandError if the export fails, could not be restored or is of an empty database, and with exit code 2 for an
 * option that it does not have, and for a file that is there unless `--replace` is given.
 */
export async function backup(args: readonly string[]): Promise<number> {
  const options = new Options(args)
  if (options.has('help')) {
    console.log(USAGE)
    return 0
  }
  refuseOthers(options, ['output', 'replace'])
  const local = options.has('local')
  const madeAt = `${new Date().toISOString().slice(0, 19)}Z`
  const file = resolve(options.value('output') ?? `ladon-backup-${madeAt.replaceAll(':', '')}.sql`)
  const isFree = options.has('replace') || !(await isThere(file))
  if (!isFree) throw new CommandError(alreadyThere(file), 2)
  const { manifest, text } = composeBackup(await exported(options, local), madeAt)
  if (manifest.migrations.length === 0) throw new CommandError(nothingIn(local))
  await writeFile(file, text, { mode: 0o600 })
  // The mode above is for a file that is made; this one may have been there.
  await chmod(file, 0o600)
  const note = { made_at: madeAt, file, rows: manifest.rows, sha256: manifest.sha256 }
  if (!local) await writeNote(note)
  const rows = Object.entries(manifest.rows).map(([table, count]) => `  ${table.padEnd(18)} ${count}`)
  console.log(
    [
      `Wrote ${file}`,
      '',
      ...rows,
      '',
      'Keys in it are sealed with SECRETS_SYSTEM. Keep that too, and not in the same place: both together are',
      'everything, and either alone is of no use.',
    ].join('\n'),
  )
  return 0
}

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  )

const alreadyThere = (file: string): string =>
  `Nothing was written: ${file} is there already. Choose another --output, or replace it with --replace.`

/** Why nothing was written of a database that no migration has made. */
const nothingIn = (local: boolean): string =>
  `Nothing was written: the database is empty. ${
    local
      ? '--local takes that of `npm run dev` in this checkout; one that was started with --persist-to has another.'
      : 'Look at the account, and at --env and --config.'
  }`

/** Exports the database through a folder of its own, since wrangler's file can be read by everybody. */
async function exported(options: Options, local: boolean): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ladon-backup-'))
  try {
    const output = join(folder, 'export.sql')
    const where = local ? '--local' : '--remote'
    const call = [
      'd1',
      'export',
      'DB',
      where,
      '--skip-confirmation',
      '--output',
      output,
      ...configOf(options),
    ]
    const { code, output: said } = await runTool('wrangler', call, true)
    if (code !== 0) throw new CommandError(`The database could not be exported.\n${said}`)
    return await readFile(output, 'utf8')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function writeNote(note: object): Promise<void> {
  await makeKept(dirname(LAST_BACKUP))
  await writeFile(LAST_BACKUP, `${JSON.stringify(note, null, 2)}\n`)
}
