/*
 * A process that serves the production bundle until it is ended: two Workers, at `--port` and the one after it, that
 * share one Ledger class, one D1 and one KV. Log lines go to standard output, each after `LOG `. With `--inspect` the port
 * of workerd's inspector does, after `INSPECTOR `.
 */
import { readdir, readFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { convertV4MiniflareOptions, Miniflare, type V4MiniflareOptions } from 'miniflare'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: 'string', default: '' },
    state: { type: 'string', default: '' },
    bundle: { type: 'string', default: '' },
    migrations: { type: 'string', default: 'migrations' },
    inspect: { type: 'boolean', default: false },
  },
})

const port = Number(values.port)
const settings = Object.fromEntries(
  positionals.map((given): [string, string] => {
    const at = given.indexOf('=')
    return [given.slice(0, at), given.slice(at + 1)]
  }),
)

const ENTRY = `
export * from './index.js'
import worker from './index.js'
import { withFaults } from './faults.js'
export default withFaults(worker)
`

const read = (path: string): Promise<string> => readFile(path, 'utf8')
const faults = stripTypeScriptTypes(await read(fileURLToPath(new URL('./faults.ts', import.meta.url))))
const bundle = await read(join(values.bundle, 'index.js'))

/** One isolate of the Worker; the first holds the ledgers. */
const worker = (name: string, at: number, ledgers?: string) => ({
  name,
  modulesRoot: '/',
  modules: [
    { type: 'ESModule' as const, path: '/entry.js', contents: ENTRY },
    { type: 'ESModule' as const, path: '/index.js', contents: bundle },
    { type: 'ESModule' as const, path: '/faults.js', contents: faults },
  ],
  compatibilityDate: '2026-10-23',
  d1Databases: { DB: 'DB' },
  kvNamespaces: { COPIES: 'COPIES' },
  durableObjects: {
    LEDGER: {
      className: 'Ledger',
      useSQLite: true,
      ...(ledgers === undefined ? {} : { scriptName: ledgers }),
    },
  },
  bindings: settings,
  unsafeDirectSockets: [{ host: '127.0.0.1', port: at }],
})

const options: V4MiniflareOptions = {
  workers: [worker('ladon', port), worker('ladon2', port + 1, 'ladon')],
  resourcePersistencePath: values.state,
  ...(values.inspect ? { inspectorPort: 0 } : {}),
  handleStructuredLogs: ({ level, message }) => {
    process.stdout.write(`LOG ${level} ${String(message).replaceAll('\n', ' ')}\n`)
  },
}
const miniflare = new Miniflare(convertV4MiniflareOptions(options))
await miniflare.ready
await migrate()
if (values.inspect) process.stdout.write(`INSPECTOR ${(await miniflare.getInspectorURL()).port}\n`)
process.stdout.write('READY\n')
process.on('SIGTERM', () => {
  void miniflare.dispose().then(() => process.exit(0))
})

/** Applies the migrations that the database lacks. */
async function migrate(): Promise<void> {
  const database = await miniflare.getD1Database('DB')
  await database.prepare('CREATE TABLE IF NOT EXISTS proof_migrations (name TEXT PRIMARY KEY)').run()
  const names = (await readdir(values.migrations)).filter((name) => name.endsWith('.sql')).sort()
  for (const name of names) {
    const known = database.prepare('SELECT 1 FROM proof_migrations WHERE name = ?').bind(name)
    if ((await known.first()) !== null) continue
    const text = await read(join(values.migrations, name))
    for (const statement of text.split('--> statement-breakpoint')) await database.prepare(statement).run()
    await database.prepare('INSERT INTO proof_migrations VALUES (?)').bind(name).run()
  }
}
