import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { peakMemory, processTree } from '../generator/proc.ts'
import { type Listening, READY, type WorkerPlan } from './plan.ts'

const START_WITHIN_MS = 90_000
const STOP_WITHIN_MS = 5_000

/** A server in a process of its own. */
export interface Server extends Listening {
  /** The process whose CPU time and memory count, with those that it started. */
  readonly root: number
  /** From spawning until it listened, ms. */
  readonly startedIn: number
  /** Its peak memory until now, MiB. */
  memory(): Promise<number>
  stop(): Promise<void>
}

/** Puts a process and its threads on one processor, if this machine can. Returns whether it could. */
export function pin(pid: number, processor: number): boolean {
  try {
    execFileSync('taskset', ['-acp', String(processor), String(pid)], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Serves a Worker in workerd. Its host, which reads its log lines, is not counted. */
export function startWorker(plan: WorkerPlan): Promise<Server> {
  return start([`${import.meta.dirname}/worker.ts`, JSON.stringify(plan)], 'workerd')
}

/** Runs a program of Node that listens and says so. */
export function startNode(program: string, args: readonly string[]): Promise<Server> {
  return start([program, ...args], 'node')
}

async function start(args: readonly string[], counted: 'workerd' | 'node'): Promise<Server> {
  const began = performance.now()
  const child = spawn(process.execPath, ['--no-warnings', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const { pid } = child
  if (pid === undefined) throw new Error('No process could be started.')
  try {
    const listening = await listens(child)
    const startedIn = performance.now() - began
    const root = counted === 'node' ? pid : await workerdOf(pid)
    pin(root, 0)
    return {
      ...listening,
      root,
      startedIn,
      memory: async () => peakMemory([root]),
      stop: () => stop(child),
    }
  } catch (error) {
    await stop(child)
    throw error
  }
}

function listens(child: ChildProcess): Promise<Listening> {
  const output: string[] = []
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`${why}\n${output.slice(-20).join('\n')}`))
    const late = setTimeout(() => fail('A server did not start in time.'), START_WITHIN_MS)
    const heard = (line: string): void => {
      if (output.length < 100) output.push(line)
      if (!line.startsWith(READY)) return
      clearTimeout(late)
      resolve(JSON.parse(line.slice(READY.length)))
    }
    for (const stream of [child.stdout, child.stderr])
      if (stream !== null) createInterface({ input: stream }).on('line', heard)
    child.once('exit', () => fail('A server ended.'))
  })
}

async function workerdOf(host: number): Promise<number> {
  for (const pid of await processTree(host)) {
    const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')
    if (name.trim() === 'workerd') return pid
  }
  throw new Error('No workerd was started.')
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  const pids = child.pid === undefined ? [] : await processTree(child.pid)
  child.kill('SIGTERM')
  const late = setTimeout(() => kill(pids), STOP_WITHIN_MS)
  await ended
  clearTimeout(late)
}

/** What was started here and would not end. */
function kill(pids: readonly number[]): void {
  for (const pid of pids.toReversed()) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It ended by itself.
    }
  }
}
