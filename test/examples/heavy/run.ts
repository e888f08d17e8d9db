/**
 * `npm run examples:heavy`: walks the examples whose packages Ladon does not have: Next.js and Auth.js. Needs a
 * registry of npm packages, Chromium, and some 400 MB in the temporary folder. Each example is copied out, installed and
 * started there, as a stranger would.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const NAMES = ['login-next', 'web']

/** Runs a command to its end; throws if it fails. */
function run(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): void {
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit', env: { ...process.env, ...env } })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}`)
}

const folder = mkdtempSync(join(tmpdir(), 'ladon-examples-'))
try {
  for (const name of NAMES) {
    const copy = join(folder, name)
    cpSync(join(ROOT, 'examples', name), copy, {
      recursive: true,
      filter: (path) => !['node_modules', '.next'].includes(basename(path)),
    })
    run('npm', ['install', '--no-audit', '--no-fund'], copy)
  }
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
  const args = [vitest, 'run', '--project', 'node', 'test/examples/heavy', ...process.argv.slice(2)]
  run(process.execPath, args, ROOT, { LADON_EXAMPLES_AT: folder })
} finally {
  rmSync(folder, { recursive: true, force: true })
}
