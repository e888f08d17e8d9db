import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { allReasons } from '../errors/reasons.ts'
import { browserRequired, findChromium } from './chromium.ts'
import { Options } from './options.ts'
import type { Tool } from './paths.ts'
import { checkLayer, type Layer, layersOf, renderReport, unraised } from './test-report.ts'
import { runTool } from './tools.ts'

/** The variable that makes vitest.config.ts include the tests of the second tier. */
const ALL_TESTS = 'LADON_ALL_TESTS'

const NO_BROWSER = `
!! BROWSER TESTS WERE NOT RUN: no Chromium was found.
!! Install Chromium, or name one with CHROMIUM_PATH=/path/to/chromium, and run the tests again.
`

/**
 * `ladon test`: runs type check, lint and tests, with `--all` also the tests of the second tier (`*.all.test.ts`).
 * Other arguments are passed to vitest: without any, each reason of the closed list must have been raised by a test.
 * Returns the exit code.
 */
export async function test(args: readonly string[]): Promise<number> {
  const given = new Options(args)
  if (given.has('all')) process.env[ALL_TESTS] = '1'
  const layers = [
    await runCheck('type check', 'tsc', ['--noEmit']),
    await runCheck('lint', 'biome', ['check', '--error-on-warnings', '.']),
    ...(await runVitest(given.args.filter((arg) => arg !== '--all'))),
  ]
  if (findChromium() === undefined && !browserRequired()) console.log(NO_BROWSER)
  console.log(renderReport(layers))
  return layers.some((layer) => layer.failed > 0) ? 1 : 0
}

async function runCheck(name: string, tool: Tool, args: readonly string[]): Promise<Layer> {
  const startedAt = performance.now()
  const { code } = await runTool(tool, args)
  return checkLayer(name, code === 0, (performance.now() - startedAt) / 1000)
}

/** Runs vitest and returns its layers. A run that failed without a failed test gets a failed layer of its own. */
async function runVitest(args: readonly string[]): Promise<readonly Layer[]> {
  const directory = await mkdtemp(join(tmpdir(), 'ladon-test-'))
  const file = join(directory, 'results.json')
  try {
    const reporters = [
      '--silent=passed-only',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${file}`,
    ]
    const { code } = await runTool('vitest', ['run', ...reporters, ...args])
    const report = await readFile(file, 'utf8').catch(() => undefined)
    const layers = report === undefined ? [] : layersIn(JSON.parse(report), args.length === 0)
    const explained = code === 0 || layers.some((layer) => layer.failed > 0)
    return explained ? layers : [...layers, checkLayer('test run', false, 0)]
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Reads the layers from vitest's report; of a whole run also whether its tests raised every reason. */
function layersIn(report: unknown, whole: boolean): readonly Layer[] {
  if (!whole) return layersOf(report)
  const reasons = allReasons()
  const missing = unraised(report, reasons)
  if (missing.length > 0) console.log(`\n!! NO TEST RAISED THESE REASONS: ${missing.join(', ')}`)
  const counts = { passed: reasons.length - missing.length, failed: missing.length, notRun: 0 }
  return [...layersOf(report), { name: 'reasons', ...counts, seconds: 0 }]
}
