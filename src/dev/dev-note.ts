import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import * as v from 'valibot'
import type { DevPlan } from './dev-plan.ts'
import type { Options } from './options.ts'
import { ROOT, STATE } from './paths.ts'

/*
 * A development server notes beside its state that it runs on it, since nothing else tells: it opens the files of the state
 * when it needs them, and closes them again.
 */

const NAME = /^ladon-dev-\d+\.json$/

/** How long a server may take to let somebody connect, milliseconds. */
const CONNECT_WITHIN_MS = 1000

const note = v.object({ base: v.string(), host: v.string(), port: v.number(), group: v.number() })
type Note = v.InferOutput<typeof note>

/** Returns the directory of the state that wrangler uses, from the options of the command. */
export function stateOf(options: Options): string {
  const [persistTo, config] = [options.value('persist-to'), options.value('config')]
  if (persistTo !== undefined) return resolve(ROOT, persistTo)
  return config === undefined ? STATE : join(dirname(resolve(ROOT, config)), '.wrangler/state')
}

/**
 * Notes that a server runs on a state. Returns what takes the note away.
 *
 * @param group - the id of its process group; undefined if it did not start
 */
export async function noteRunning(
  state: string,
  { base, listen: { host, port } }: DevPlan,
  group: number | undefined,
): Promise<() => Promise<void>> {
  const file = join(state, `ladon-dev-${port}.json`)
  if (group !== undefined) {
    await mkdir(state, { recursive: true })
    const running: Note = { base, host, port, group }
    await writeFile(file, `${JSON.stringify(running)}\n`)
  }
  return () => rm(file, { force: true })
}

/** Returns the address of a server that runs on a state; undefined for none. A note of one that was killed does not count. */
export async function runningOn(state: string): Promise<string | undefined> {
  const names = (await readdir(state).catch(() => [])).filter((name) => NAME.test(name))
  for (const name of names) {
    const found = await readNote(join(state, name))
    if (found !== undefined && isAlive(found.group) && (await answers(found))) return found.base
  }
  return undefined
}

async function readNote(file: string): Promise<Note | undefined> {
  try {
    return v.parse(note, JSON.parse(await readFile(file, 'utf8')))
  } catch {
    return undefined
  }
}

/** Whether a process of a group is left. Its id may be another's by now: so the port is asked, too. */
function isAlive(group: number): boolean {
  try {
    return process.kill(process.platform === 'win32' ? group : -group, 0)
  } catch (thrown) {
    return !(thrown instanceof Error && 'code' in thrown && thrown.code === 'ESRCH')
  }
}

function answers({ host, port }: Note): Promise<boolean> {
  const socket = connect({ host, port, timeout: CONNECT_WITHIN_MS })
  return new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true))
    for (const event of ['error', 'timeout'] as const) socket.once(event, () => resolve(false))
  }).finally(() => socket.destroy())
}
