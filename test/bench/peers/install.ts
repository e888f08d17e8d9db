import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The servers that Ladon is measured beside. They are no dependencies of this project. */
export const PEERS = {
  'oidc-provider': '9.13.3',
  '@cloudflare/workers-oauth-provider': '1.2.3',
} as const

/**
 * Installs the peers, without their install scripts, into a folder for temporary files, where later runs find them.
 * Returns that folder. Throws what npm said where there is no registry.
 */
export async function installPeers(): Promise<string> {
  const versions = Object.values(PEERS).join('-')
  const folder = join(tmpdir(), `ladon-bench-peers-${versions}`)
  const done = join(folder, 'installed')
  const isThere = await access(done).then(
    () => true,
    () => false,
  )
  if (isThere) return folder
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), '{"private":true,"type":"module"}\n')
  const wanted = Object.entries(PEERS).map(([name, version]) => `${name}@${version}`)
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--save-exact']
  const child = spawn('npm', ['install', ...flags, ...wanted], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8')
    })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`The peers could not be installed (--no-peers leaves them out):\n${output}`)
  await writeFile(done, '')
  return folder
}
