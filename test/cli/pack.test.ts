import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import manifest from '../../package.json'
import { buildCli } from '../../src/dev/build-cli.ts'
import { startSite } from '../support/site.ts'

const MOST_BYTES = 300 * 1024

/** Nowhere, for the registry: nothing may be asked for. */
const OFFLINE = { npm_config_registry: 'http://127.0.0.1:1', npm_config_offline: 'true' }

/** Every Node of this machine: that of the tests, and those in the path beside the project's own. */
const nodes = [
  ...new Map(
    [
      dirname(process.execPath),
      ...(process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules')),
    ].flatMap((folder) => {
      const node = join(folder, 'node')
      const version =
        statSync(node, { throwIfNoEntry: false }) && String(execFileSync(node, ['--version'])).trim()
      return version ? [[version, node] as const] : []
    }),
  ),
]

let home: string
let tarball: string

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'ladon-pack-'))
  await buildCli(join(home, 'cli'))
  tarball = join(home, run('npm', ['pack', join(home, 'cli'), '--silent']).trim())
})

afterAll(() => rm(home, { recursive: true, force: true }))

const run = (program: string, args: readonly string[], cwd = home): string =>
  execFileSync(program, args, { cwd, env: { ...process.env, ...OFFLINE }, encoding: 'utf8' })

it('is small, without dependencies and with its licence', () => {
  expect(statSync(tarball).size).toBeLessThan(MOST_BYTES)
  expect(readdirSync(join(home, 'cli')).toSorted()).toEqual([
    'LICENSE',
    'README.md',
    'ladon.js',
    'package.json',
  ])
  const packed: unknown = JSON.parse(run('cat', ['cli/package.json']))
  expect(packed).toMatchObject({ name: 'ladon', version: manifest.version, bin: { ladon: 'ladon.js' } })
  expect(packed).not.toHaveProperty('dependencies')
})

it.each(nodes)('installs and runs with the network off on Node %s', async (version, node) => {
  const folder = mkdtempSync(join(home, 'app-'))
  run('npm', ['install', '--silent', '--no-audit', '--no-fund', '--prefix', folder, tarball])
  const program = join(folder, 'node_modules/.bin/ladon')
  expect(run(node, [program, 'version'])).toBe(`ladon v${manifest.version}\n`)
  expect(run('npx', ['ladon', 'version', '--format', 'json'], folder)).toContain(manifest.version)
  const site = await startSite('localhost', () => ({ type: 'application/json', body: '[{"client_id":"x"}]' }))
  const ids = await new Promise<string>((resolve) => {
    const env = { LADON_URL: site.origin, LADON_ADMIN_KEY: 'key' }
    execFile(node, [program, 'client', 'list', '-q'], { env }, (_error, out, err) => resolve(out + err))
  })
  expect([version, ids]).toEqual([version, 'x\n'])
  await site.stop()
})
