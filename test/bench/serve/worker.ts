/*
 * A process that serves one Worker in workerd until it is ended: `node worker.ts PLAN`, the plan as JSON. Requests come
 * through a socket of the Worker's own, in the style of a proxy, so that they can name an https URL. Log lines are
 * written by workerd, read here and dropped.
 */
import { readdir, readFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { convertV4MiniflareOptions, Miniflare, type V4MiniflareOptions } from 'miniflare'
import { COMPATIBILITY_DATE, READY, type WorkerPlan } from './plan.ts'

const plan: WorkerPlan = JSON.parse(process.argv[2] ?? '{}')

/** An entry module that makes every storage call wait first. */
const slowEntry = (latency: number): string => `
export * from './index.js'
import worker from './index.js'
import { slow } from './slow.js'
export default slow(worker, ${latency})
`

const read = (path: string): Promise<string> => readFile(path, 'utf8')
const module = (path: string, contents: string) => ({ type: 'ESModule' as const, path, contents })

const bundle = module('/index.js', await read(join(plan.bundle, 'index.js')))
const slow = stripTypeScriptTypes(await read(join(import.meta.dirname, 'slow.ts')))
const modules =
  plan.latency === undefined
    ? [bundle]
    : [module('/entry.js', slowEntry(plan.latency)), bundle, module('/slow.js', slow)]

const options: V4MiniflareOptions = {
  name: plan.name,
  modulesRoot: '/',
  modules,
  compatibilityDate: COMPATIBILITY_DATE,
  d1Databases: [...(plan.d1 ?? [])],
  kvNamespaces: [...(plan.kv ?? [])],
  durableObjects: Object.fromEntries(
    Object.entries(plan.objects ?? {}).map(([binding, className]) => [
      binding,
      { className, useSQLite: true },
    ]),
  ),
  bindings: { ...plan.settings },
  resourcePersistencePath: plan.state,
  handleStructuredLogs: ({ level, message }) => {
    if (level === 'error') process.stderr.write(`${message}\n`)
  },
  ...(plan.inspected === true ? { inspectorPort: 0 } : {}),
  unsafeDirectSockets: [{ host: '127.0.0.1', port: 0, proxy: true }],
}

const miniflare = new Miniflare(convertV4MiniflareOptions(options))
await miniflare.ready
if (plan.migrations !== undefined) await migrate(plan.migrations)
const { port } = await miniflare.unsafeGetDirectURL()
const inspector = plan.inspected === true ? Number((await miniflare.getInspectorURL()).port) : undefined
process.stdout.write(`${READY}${JSON.stringify({ port: Number(port), inspector })}\n`)
process.on('SIGTERM', () => {
  void miniflare.dispose().then(() => process.exit(0))
})

/** Applies the migrations, unless the database has them. */
async function migrate(folder: string): Promise<void> {
  const database = await miniflare.getD1Database(plan.d1?.[0] ?? '')
  const known = database.prepare("SELECT name FROM sqlite_master WHERE name = 'clients'")
  if ((await known.first()) !== null) return
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  for (const name of names) {
    for (const statement of (await read(join(folder, name))).split('--> statement-breakpoint'))
      await database.prepare(statement).run()
  }
}
