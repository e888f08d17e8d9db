import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type Bundle, bundleOf, HERE } from './bundle.ts'
import { supplyOf, type Window } from './generator/load.ts'
import { Trial } from './generator/trial.ts'
import { Inspector } from './inspector.ts'
import type { Options } from './options.ts'
import { type RunningLadon, startLadon } from './systems/ladon.ts'
import { type WorkloadName, workloadOf } from './workloads/catalogue.ts'

/** Samples are taken this often, microseconds. */
const INTERVAL = 250

const ROWS = 40

interface Place {
  readonly functionName: string
  readonly url: string
  readonly lineNumber: number
}

/** A CPU profile of V8, as far as it is read here. */
interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: Place }[]
  readonly samples: readonly number[]
}

/**
 * Prints the functions in which workerd itself spent its time while it served a workload, the dearest first. The bundle
 * keeps its names for this, and the inspector makes everything slower: only shares count.
 */
export async function profile(options: Options, name: WorkloadName, folder: string): Promise<void> {
  const bundle = await bundleOf(resolve(options.bundle ?? HERE), join(folder, 'bundle'), false)
  const running = await startLadon(bundle, join(folder, 'state'), {
    inspected: true,
    latency: options.latency,
  })
  try {
    await serve(running, name, options.window)
    const inspector = await Inspector.open(running.server.inspector ?? 0)
    await inspector.call('Profiler.enable')
    await inspector.call('Profiler.setSamplingInterval', { interval: INTERVAL })
    await inspector.call('Profiler.start')
    await serve(running, name, options.window)
    const recorded = await inspector.call('Profiler.stop')
    inspector.close()
    if (!hasProfile(recorded)) throw new Error('The inspector gave no profile.')
    console.log(`${workloadOf(name).title}: ${recorded.profile.samples.length} samples\n`)
    console.log(await selfTimes(recorded.profile, bundle))
  } finally {
    await running.stop()
  }
}

/** Runs a workload, which is prepared each time: it uses up what that made. */
async function serve(running: RunningLadon, name: WorkloadName, window: Window): Promise<void> {
  const trial = new Trial(await running.work(name, supplyOf(window)))
  try {
    await trial.slice(window.measured, 1)
  } finally {
    trial.close()
  }
}

const hasProfile = (answer: unknown): answer is { readonly profile: Profile } =>
  typeof answer === 'object' && answer !== null && 'profile' in answer

/** The table of self times by function. */
async function selfTimes({ nodes, samples }: Profile, { folder }: Bundle): Promise<string> {
  const moduleAt = modulesOf(await readFile(join(folder, 'index.js'), 'utf8'))
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame, moduleAt)]))
  const counts = new Map<string, number>()
  for (const id of samples) {
    const name = names.get(id) ?? '(unknown)'
    if (name !== '(idle)') counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
  const rows = [...counts]
    .sort(([, one], [, other]) => other - one)
    .slice(0, ROWS)
    .map(([name, count]) => `| ${((count * 100) / total).toFixed(1)} % | ${name} |`)
  return ['| self time | function |', '| --- | --- |', ...rows].join('\n')
}

function nameOf({ functionName, url, lineNumber }: Place, moduleAt: (line: number) => string): string {
  const name = functionName === '' ? '(anonymous)' : functionName
  if (url === '') return name
  return url.endsWith('index.js') ? `${name}, ${moduleAt(lineNumber)}` : `${name}, ${url}:${lineNumber + 1}`
}

/** Tells which module a line of a bundle is from: the bundler writes a comment before each. */
function modulesOf(bundle: string): (line: number) => string {
  let module = 'index.js'
  const modules = bundle.split('\n').map((line) => {
    module = /^\s*\/\/ (\S+\.[cm]?[jt]sx?)$/.exec(line)?.[1] ?? module
    return module
  })
  return (line) => `${modules[line] ?? 'index.js'}, line ${line + 1} of the bundle`
}
