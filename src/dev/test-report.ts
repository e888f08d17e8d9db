import { relative } from 'node:path'
import * as v from 'valibot'
import { ROOT } from './paths.ts'

/** The result of one layer of checks. */
export interface Layer {
  readonly name: string
  readonly passed: number
  readonly failed: number
  readonly notRun: number
  /** The sum of the times of its files. */
  readonly seconds: number
}

/** What each layer tests, by folder of `test/`. The other folders mirror `src/`. */
const COVERS: Readonly<Record<string, string>> = {
  'type check': 'every file, strictest settings',
  lint: 'rules and formatting',
  flows: 'whole flows over HTTP in workerd',
  race: 'parallel calls with injected latency in workerd',
  interop: 'client libraries against a real server process',
  cli: 'the command ladon, called as users call it',
  browser: 'the demo in Chromium, with accessibility checks',
  examples: 'the examples as their readers start them, in Chromium',
  node: 'architecture, bundle size, command line',
  reasons: 'each reason of the closed list, raised by some test',
}

const Results = v.object({
  testResults: v.array(
    v.object({
      name: v.string(),
      status: v.string(),
      startTime: v.number(),
      endTime: v.number(),
      assertionResults: v.array(
        v.object({
          status: v.string(),
          meta: v.optional(v.object({ reasons: v.optional(v.array(v.string()), []) })),
        }),
      ),
    }),
  ),
})

/** Reads the layers from vitest's JSON report. A file that failed before its first test counts as one failure. */
export function layersOf(report: unknown): readonly Layer[] {
  const layers = new Map<string, Layer>()
  for (const file of v.parse(Results, report).testResults) {
    const name = relative(ROOT, file.name).replaceAll('\\', '/').split('/')[1] ?? file.name
    const count = (status: string): number =>
      file.assertionResults.filter((test) => test.status === status).length
    const passed = count('passed')
    const failed = count('failed')
    const broken = file.status === 'failed' && failed === 0 ? 1 : 0
    const before = layers.get(name) ?? { name, passed: 0, failed: 0, notRun: 0, seconds: 0 }
    layers.set(name, {
      name,
      passed: before.passed + passed,
      failed: before.failed + failed + broken,
      notRun: before.notRun + file.assertionResults.length - passed - failed,
      seconds: before.seconds + (file.endTime - file.startTime) / 1000,
    })
  }
  return [...layers.values()].sort((left, right) => left.name.localeCompare(right.name))
}

/** Returns those of the names that no request of a test was refused for, as test/support/refusals.ts noted them. */
export function unraised(report: unknown, names: readonly string[]): readonly string[] {
  const tests = v.parse(Results, report).testResults.flatMap((file) => file.assertionResults)
  const raised = new Set(tests.flatMap(({ meta }) => meta?.reasons ?? []))
  return names.filter((name) => !raised.has(name))
}

/** Returns the layer of a check that has no tests. */
export function checkLayer(name: string, ok: boolean, seconds: number): Layer {
  return { name, passed: ok ? 1 : 0, failed: ok ? 0 : 1, notRun: 0, seconds }
}

/** Returns the report: a line for each layer and, last, `N passed, N failed`. */
export function renderReport(layers: readonly Layer[]): string {
  const lines = layers.map(({ name, passed, failed, notRun, seconds }) => {
    const counts = `${passed} passed, ${failed} failed${notRun > 0 ? `, ${notRun} NOT RUN` : ''}`
    return `  ${name.padEnd(12)} ${counts.padEnd(24)} ${`${seconds.toFixed(0)} s`.padStart(6)}  ${COVERS[name] ?? `src/${name} in workerd`}`.trimEnd()
  })
  const sum = (pick: (layer: Layer) => number): number =>
    layers.reduce((total, layer) => total + pick(layer), 0)
  return [
    ...lines,
    '',
    `${sum((layer) => layer.passed)} passed, ${sum((layer) => layer.failed)} failed`,
  ].join('\n')
}
