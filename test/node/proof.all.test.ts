import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runTool } from '../../src/dev/tools.ts'

const LONG_MS = 600_000

let folder: string
let port: number

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ladon-proofs-'))
  // The proofs take several ports in a row; those that the system hands out begin above these.
  port = 20_000 + (process.pid % 1000) * 10
  const bundled = await runTool('wrangler', ['deploy', '--dry-run', '--outdir', folder], true)
  expect(bundled.code, bundled.output).toBe(0)
})

afterAll(() => rm(folder, { recursive: true, force: true }))

/** Runs a script of `test/proof`; its output if it found a fault. */
async function run(script: string, ...args: readonly string[]): Promise<string> {
  const path = fileURLToPath(new URL(`../proof/${script}/run.ts`, import.meta.url))
  const common = ['--no-warnings', path, '--port', String(port), '--bundle', folder]
  const child = spawn(process.execPath, [...common, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8')
    })
  const [code] = await once(child, 'close')
  return code === 0 ? '' : output
}

describe('the long proofs, in short', () => {
  it.each([
    ['fuzz', '--requests', '1500', '--lap', '750', '--seed', String(Date.now() % 1_000_000)],
    ['races', '--rounds', '1'],
    ['crash', '--rounds', '2'],
  ])('%s finds nothing', async (script, ...args) => expect(await run(script, ...args)).toBe(''), LONG_MS)
})
