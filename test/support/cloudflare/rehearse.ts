/**
 * `npm run deploy:rehearse [-- --env NAME]`: the first deployment and the next one, of wrangler.toml as it is, by the real
 * wrangler against a stub of Cloudflare's API. In a folder of its own, so that no secret and no issuer of it stays.
 */
import { spawn } from 'node:child_process'
import { copyFile, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Options } from '../../../src/dev/options.ts'
import { CloudflareAccount } from './account.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const LADON = join(ROOT, 'src/dev/ladon.ts')

const given = process.argv.slice(2)
const other = new Options(given).beside(['env'])
if (other !== undefined) {
  // Another configuration, for one, would take the secrets and the issuer of the rehearsal.
  console.error(`A rehearsal takes --env alone, not ${other}.`)
  process.exit(2)
}

const folder = await mkdtemp(join(tmpdir(), 'ladon-rehearse-'))
const config = join(folder, 'wrangler.toml')
const text = await readFile(join(ROOT, 'wrangler.toml'), 'utf8')
// What the account would be called is known to whoever wrote its address down.
const account = new CloudflareAccount(
  /\.([a-z0-9-]+)\.workers\.dev/.exec(text.replaceAll(/^\s*#.*$/gm, ''))?.[1],
)

async function deploy(env: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<number> {
  console.log(`\n==> npm run deploy ${args.length === 0 ? '' : `-- ${args.join(' ')}`}\n`)
  const child = spawn(process.execPath, [LADON, 'deploy', '--config', config, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env, WRANGLER_SEND_METRICS: 'false' },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
}

try {
  await copyFile(join(ROOT, 'wrangler.toml'), config)
  for (const name of ['migrations', 'node_modules', 'src'])
    await symlink(join(ROOT, name), join(folder, name))
  const env = await account.listen()
  process.exitCode = (await deploy(env, '--setup', ...given)) || (await deploy(env, ...given))
  const list = (names: Iterable<string>): string => [...names].join(', ') || 'none'
  console.log(
    [
      '',
      'That was a rehearsal: nothing was deployed, and nothing of it stays. The stub has now',
      `  Workers        ${list(account.workers.keys())}`,
      `  D1 databases   ${list(account.databases.keys())}`,
      `  KV namespaces  ${list(account.namespaces.keys())}`,
    ].join('\n'),
  )
} finally {
  account.close()
  await rm(folder, { recursive: true, force: true })
}
