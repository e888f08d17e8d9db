import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { TOOLS } from '../../src/dev/paths.ts'

/** A bundle, and the D1 migrations that belong to it. */
export interface Bundle {
  /** The folder with `index.js`. */
  readonly folder: string
  readonly migrations: string
}

/** This checkout. */
export const HERE = resolve(import.meta.dirname, '../..')

const has = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/**
 * Returns the bundle that a path names: a folder with `index.js` as `wrangler deploy --dry-run` makes it, or a checkout,
 * which is bundled into `folder` as it is deployed.
 */
export async function bundleOf(path: string, folder: string, minified = true): Promise<Bundle> {
  if (await has(join(path, 'index.js'))) return { folder: path, migrations: join(HERE, 'migrations') }
  if (!(await has(join(path, 'wrangler.toml'))))
    throw new Error(`${path} has neither index.js nor wrangler.toml: it is no bundle and no checkout.`)
  await wrangler(path, ['--outdir', folder, ...(minified ? ['--minify'] : [])])
  return { folder, migrations: join(path, 'migrations') }
}

/** Bundles the Worker that a wrangler.toml describes. */
export async function wrangler(cwd: string, args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [TOOLS.wrangler, 'deploy', '--dry-run', ...args], {
    cwd,
    env: { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_HIDE_BANNER: 'true' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8')
    })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(output)
}
