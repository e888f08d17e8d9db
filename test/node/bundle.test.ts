import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ladon } from './ladon.ts'

/** Design section 9: the whole Worker, minified. */
const MAX_BYTES = 700_000

/** What of it may run before the first request, in bytes: less than 15 ms worth. */
const MAX_BYTES_AT_START = 96_000

const STARTUP = fileURLToPath(new URL('./startup.ts', import.meta.url))
const RUNS = 5

let directory = ''
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ladon-bundle-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

/** What starting a Worker in a fresh process took. */
async function start(...args: readonly string[]): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [STARTUP, ...args])
  return Number(stdout)
}

/** The median time that a Worker takes to start, in milliseconds. */
async function startTime(bundle: string): Promise<number> {
  const times: number[] = []
  for (let run = 0; run < RUNS; run += 1) times.push(await start(bundle))
  return times.sort((one, other) => one - other)[Math.floor(RUNS / 2)] ?? Number.NaN
}

it('bundles without account or network, and stays small: as a whole, and in what runs at start', async () => {
  const { code, output } = await ladon([
    'deploy',
    '--',
    '--dry-run',
    '--outdir',
    directory,
    '--var',
    'TTL_ACCES_TOKEN:5m',
  ])
  expect(output).toContain('--dry-run: exiting now')
  expect(output).toContain('TTL_ACCES_TOKEN is no setting; is TTL_ACCESS_TOKEN meant?')
  expect(code).toBe(0)
  const scripts = (await readdir(directory)).filter((name) => name.endsWith('.js'))
  expect(scripts).toEqual(['index.js'])
  const bundle = join(directory, 'index.js')
  const { size } = await stat(bundle)
  const empty = join(directory, 'empty.mjs')
  await writeFile(empty, 'export default { fetch: () => new Response() }\n')
  const bytes = await start(bundle, 'bytes')
  const above = ((await startTime(bundle)) - (await startTime(empty))).toFixed(1)
  console.log(
    `The bundle has ${size} bytes; ${bytes} run at start, in ${above} ms more than an empty Worker.`,
  )
  expect(size).toBeGreaterThan(50_000)
  expect(size).toBeLessThan(MAX_BYTES)
  expect(bytes).toBeGreaterThan(10_000)
  expect(bytes).toBeLessThan(MAX_BYTES_AT_START)
  // No bound: on a machine that does other things besides, to bundle and to start ten times takes a while.
}, 240_000)
