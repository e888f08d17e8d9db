import { chmod, copyFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type * as Esbuild from 'esbuild'
import manifest from '../../package.json' with { type: 'json' }
import { ROOT, TOOLS } from './paths.ts'

/** The oldest Node that the command runs on. */
const NODE = '20'

const README = `# ladon

The command of Ladon, an OAuth 2.0 authorization server and OpenID Connect provider on Cloudflare Workers.

    export LADON_URL=https://login.example.com LADON_ADMIN_KEY=...
    npx ladon --help
    npx ladon client new
    npx ladon doctor

It has no dependencies and runs on Node ${NODE} and newer.
`

/** Makes the folder that `npm pack` packs: the command as plain JavaScript, with a package.json of its own. */
export async function buildCli(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  // The esbuild that wrangler brings: what deploys the Worker also bundles this.
  const esbuild: typeof Esbuild = createRequire(TOOLS.wrangler)('esbuild')
  const program = join(folder, 'ladon.js')
  await esbuild.build({
    entryPoints: [join(ROOT, 'src/cli/ladon.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    target: `node${NODE}`,
    format: 'esm',
    banner: { js: '#!/usr/bin/env node' },
    legalComments: 'none',
    logLevel: 'error',
  })
  await chmod(program, 0o755)
  await copyFile(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'))
  await writeFile(join(folder, 'README.md'), README)
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(packageOf(), null, 2)}\n`)
}

const packageOf = (): object => ({
  name: manifest.name,
  version: manifest.version,
  description: 'The command of Ladon, an OAuth 2.0 authorization server on Cloudflare Workers',
  license: manifest.license,
  type: 'module',
  bin: { ladon: 'ladon.js' },
  files: ['ladon.js'],
  engines: { node: `>=${NODE}` },
})

/** `ladon build-cli`: makes `dist/cli`. Returns the exit code. */
export async function buildCliCommand(): Promise<number> {
  await buildCli(join(ROOT, 'dist/cli'))
  console.log('Wrote dist/cli, which "npm pack ./dist/cli" packs.')
  return 0
}
