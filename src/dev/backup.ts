import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { LAST_BACKUP } from '../cli/checkout.ts'
import { composeBackup } from './backup-file.ts'
import { CommandError } from './command-error.ts'
import { configOf } from './deploy-plan.ts'
import { makeKept } from './kept.ts'
import { Options } from './options.ts'
import { runTool } from './tools.ts'

/**
 * `ladon backup [--output FILE] [--local]`: writes the D1 database into one file that only its owner may read, with what
 * it holds in its first line. The database is that of the account unless `--local` is given. Returns the exit code.
 * Throws CommandError if the export fails or could not be restored.
 */
export async function backup(args: readonly string[]): Promise<number> {
  const options = new Options(args)
  const local = options.has('local')
  const madeAt = `${new Date().toISOString().slice(0, 19)}Z`
  const file = resolve(options.value('output') ?? `ladon-backup-${madeAt.replaceAll(':', '')}.sql`)
  const { manifest, text } = composeBackup(await exported(options, local), madeAt)
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
