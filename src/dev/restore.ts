import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import * as v from 'valibot'
import { type Manifest, MIGRATIONS_TABLE, readBackup } from './backup-file.ts'
import { CommandError } from './command-error.ts'
import { configOf, refuseOthers } from './deploy-plan.ts'
import { Options } from './options.ts'
import { MIGRATIONS } from './paths.ts'
import { runTool } from './tools.ts'
import { wranglerJson } from './wrangler-json.ts'

const USAGE = `Usage: npm run restore -- FILE [options]

Puts a backup into an empty D1 database of your account.

  --replace       delete first what is in the database
  --local         the database of this checkout's development server
  --env NAME      the environment in wrangler.toml
  --config FILE   another wrangler.toml`

/**
 * `ladon restore FILE [--local] [--replace]`: puts a backup into a database without rows, and applies the migrations that
 * came after it. With `--replace` it first deletes what is there. Returns the exit code. Throws CommandError with exit
 * code 2, before it changes anything, for an option that it does not have, a file that is damaged or of a newer release,
 * and a database with rows.
 */
export async function restore(args: readonly string[]): Promise<number> {
  const options = new Options(args)
  if (options.has('help')) {
    console.log(USAGE)
    return 0
  }
  refuseOthers(options, ['replace', 'persist-to'])
  const [file] = options.args
  if (file === undefined || file.startsWith('-'))
    throw new CommandError('Which backup? npm run restore -- FILE [--local] [--replace]', 2)
  const { manifest, sql } = readBackup(await textOf(resolve(file)))
  await checkRelease(manifest)
  const target = [
    options.has('local') ? '--local' : '--remote',
    ...options.pick('persist-to'),
    ...configOf(options),
  ]
  const tables = await tablesOf(target)
  const present = await rowsOf(target, tables)
  if (Object.values(present).some((count) => count > 0) && !options.has('replace'))
    throw new CommandError(
      `Nothing was changed: the database has rows (${listed(present)}). With --replace they are deleted.`,
      2,
    )
  const dropped = tables.map((name) => `DROP TABLE IF EXISTS "${name}";\n`).join('')
  await execute(target, `PRAGMA defer_foreign_keys=TRUE;\n${dropped}${sql}`)
  const restored = await rowsOf(target, Object.keys(manifest.rows))
  const lost = Object.entries(manifest.rows).filter(([table, count]) => restored[table] !== count)
  if (lost.length > 0)
    throw new CommandError(
      `The database has other rows than the backup: ${listed(restored)} instead of ${listed(manifest.rows)}.`,
    )
  await run(['d1', 'migrations', 'apply', 'DB', ...target], 'The later migrations could not be applied.')
  console.log(
    [
      `Restored what the backup of ${manifest.made_at} has: ${listed(restored)}.`,
      '',
      'The server needs the SECRETS_SYSTEM of that time; with another one it answers 503 and says so.',
      'A server that runs on this database learns of it by DELETE /admin/copies.',
      'Sessions, consents and grants are in the ledgers, which no backup holds.',
      'docs/guides/backup.md says what else there is to do.',
    ].join('\n'),
  )
  return 0
}

function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((thrown: NodeJS.ErrnoException) => {
    throw new CommandError(`${file} cannot be read (${thrown.code}).`, 2)
  })
}

/** Throws CommandError if a backup has had migrations that this release does not know. */
async function checkRelease({ migrations }: Manifest): Promise<void> {
  const known = new Set(await readdir(MIGRATIONS))
  const unknown = migrations.find((name) => !known.has(name))
  if (unknown !== undefined)
    throw new CommandError(
      `Nothing was changed: the backup is of a newer release (it has had ${unknown}).`,
      2,
    )
}

const Answer = v.array(v.object({ results: v.array(v.record(v.string(), v.unknown())) }))

async function query(target: readonly string[], sql: string): Promise<readonly Record<string, unknown>[]> {
  const answer = await wranglerJson(['d1', 'execute', 'DB', '--json', '--command', sql, ...target])
  return v.parse(Answer, answer).flatMap(({ results }) => results)
}

/** The tables of a database, without those of SQLite and the platform. */
async function tablesOf(target: readonly string[]): Promise<readonly string[]> {
  const rows = await query(target, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
  return rows.map(({ name }) => String(name)).filter((name) => !/^(?:sqlite_|_cf_)/.test(name))
}

/** How many rows tables have. The notes about migrations do not count. */
async function rowsOf(
  target: readonly string[],
  tables: readonly string[],
): Promise<Readonly<Record<string, number>>> {
  const counted = tables.filter((name) => name !== MIGRATIONS_TABLE)
  if (counted.length === 0) return {}
  const counts = counted.map((name) => `(SELECT count(*) FROM "${name}") AS "${name}"`)
  const [row = {}] = await query(target, `SELECT ${counts.join(', ')}`)
  return Object.fromEntries(Object.entries(row).map(([name, count]) => [name, Number(count)]))
}

async function execute(target: readonly string[], sql: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ladon-restore-'))
  try {
    const file = join(folder, 'backup.sql')
    await writeFile(file, sql, { mode: 0o600 })
    await run(
      ['d1', 'execute', 'DB', '--yes', '--file', file, ...target],
      'The backup could not be restored.',
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function run(call: readonly string[], failure: string): Promise<void> {
  const { code, output } = await runTool('wrangler', call, true)
  if (code !== 0) throw new CommandError(`${failure}\n${output}`)
}

const listed = (rows: Readonly<Record<string, number>>): string =>
  Object.entries(rows)
    .map(([table, count]) => `${table} ${count}`)
    .join(', ')
