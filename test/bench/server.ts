import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { runTool } from '../../src/dev/tools.ts'
import { freePort } from '../support/server.ts'

/** A server to measure: the minified bundle in workerd, on a socket of its own without a proxy before it. */
export interface BenchServer {
  readonly base: string
  readonly adminKey: string
  stop(): Promise<void>
}

const ADMIN_KEY = 'ladon-bench-admin-key'

/** Bundles the Worker into `directory` and starts it there with fresh state, and with these settings beside its own. */
export async function startBenchServer(
  directory: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<BenchServer> {
  const bundled = await runTool('wrangler', ['deploy', '--dry-run', '--minify', '--outdir', directory], true)
  if (bundled.code !== 0) throw new Error(bundled.output)
  const port = await freePort()
  const base = `http://127.0.0.1:${port}`
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      name: 'ladon',
      modulesRoot: directory,
      modules: [{ type: 'ESModule', path: join(directory, 'index.js') }],
      compatibilityDate: '2026-10-23',
      d1Databases: ['DB'],
      kvNamespaces: ['COPIES'],
      durableObjects: { LEDGER: { className: 'Ledger', useSQLite: true } },
      bindings: {
        URLS_SELF_ISSUER: base,
        SECRETS_SYSTEM: 'bench-system-secret-of-32-characters',
        ADMIN_API_KEYS: ADMIN_KEY,
        GRANTS_BOOK: 'off',
        ...settings,
      },
      // One log line per request would drown the table.
      handleStructuredLogs: () => {},
      unsafeDirectSockets: [{ host: '127.0.0.1', port }],
    }),
  )
  await miniflare.ready
  const database = await miniflare.getD1Database('DB')
  for (const file of (await readdir('migrations')).filter((name) => name.endsWith('.sql')).sort()) {
    const statements = (await readFile(join('migrations', file), 'utf8')).split('--> statement-breakpoint')
    for (const statement of statements) await database.prepare(statement).run()
  }
  return { base, adminKey: ADMIN_KEY, stop: () => miniflare.dispose() }
}
