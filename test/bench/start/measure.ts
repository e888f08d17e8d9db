import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { Lane } from '../generator/lane.ts'
import { cpuNanoseconds } from '../generator/proc.ts'
import { requestText, type Site } from '../generator/site.ts'

/** What is started cold. */
export interface Starter {
  readonly name: string
  /** Starts it in a fresh process; resolves when it listens. */
  start(): Promise<{ readonly child: ChildProcess; readonly port: number }>
  /** Its first request, which is answered with 200. */
  readonly path: string
  readonly origin: string
  /** Whether requests name the whole URL. */
  readonly absolute: boolean
}

/** CPU time of a process from its start on, milliseconds. */
export interface ColdStart {
  readonly listening: number
  /** With its first answer. */
  readonly answered: number
}

const QUIET_MS = 40

/** CPU time of all threads, once they are quiet, milliseconds. */
async function settled(pid: number): Promise<number> {
  for (let before = -1; ; ) {
    const now = (await cpuNanoseconds(pid, await readdir(`/proc/${pid}/task`))) / 1e6
    if (now - before < 0.05) return now
    before = now
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS))
  }
}

/** Starts something once and sends it one request. */
export async function coldStart({ start, path, origin, absolute }: Starter): Promise<ColdStart> {
  const { child, port } = await start()
  const { pid } = child
  if (pid === undefined) throw new Error('No process was started.')
  const ended = once(child, 'exit').catch(() => {})
  const lane = new Lane()
  try {
    const listening = await settled(pid)
    const site: Site = { port, origin, absolute, headers: { 'x-forwarded-proto': 'https' } }
    await lane.ask(site, requestText(site, 'GET', path), 200)
    return { listening, answered: await settled(pid) }
  } finally {
    lane.close()
    child.kill('SIGKILL')
    await ended
  }
}
