import { spawn } from 'node:child_process'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** How long an example may take to start, and to stop, in milliseconds. */
const START_WITHIN_MS = 90_000
const STOP_WITHIN_MS = 15_000

export const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url))

/** An example that runs by `npm start`, in a group of processes of its own. */
export interface RunningExample {
  /** What it wrote so far. */
  output(): string
  /** Resolves with the first line that matches. */
  line(pattern: RegExp): Promise<RegExpMatchArray>
  /** Resolves with its exit code. */
  readonly ended: Promise<number>
  stop(): Promise<void>
}

export interface ExampleOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Arguments for what `npm start` runs. */
  readonly args?: readonly string[]
  /** The folder it runs in; that of the repository without. */
  readonly cwd?: string
  readonly script?: string
}

/** Runs a script of an example, `start` without another. */
export function runExample(
  name: string,
  { env = {}, args = [], cwd = `${EXAMPLES}${name}`, script = 'start' }: ExampleOptions = {},
): RunningExample {
  const path = `${dirname(process.execPath)}:${process.env['PATH']}`
  const child = spawn('npm', ['run', '--silent', script, '--', ...args], {
    cwd,
    env: { ...process.env, PATH: path, WRANGLER_SEND_METRICS: 'false', NEXT_TELEMETRY_DISABLED: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let output = ''
  const waiting = new Set<() => void>()
  const tell = (): void => {
    for (const look of waiting) look()
  }
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8')
      tell()
    })
  let isOver = false
  const ended = new Promise<number>((resolve) =>
    child.once('close', (code) => {
      isOver = true
      resolve(code ?? -1)
      tell()
    }),
  )
  const line = (pattern: RegExp): Promise<RegExpMatchArray> =>
    new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        clearTimeout(late)
        waiting.delete(look)
        settle()
      }
      const fail = (why: string): void => end(() => reject(new Error(`${name}: ${why}\n${output}`)))
      const late = setTimeout(() => fail(`no ${pattern} in time`), START_WITHIN_MS)
      const look = (): void => {
        const found = output.match(pattern)
        if (found !== null) end(() => resolve(found))
        else if (isOver) fail('ended')
      }
      waiting.add(look)
      look()
    })
  const signal = (name: 'SIGTERM' | 'SIGKILL'): void => {
    if (isOver || child.pid === undefined) return
    try {
      process.kill(-child.pid, name)
    } catch {
      // Nothing of it runs any more.
    }
  }
  const stop = async (): Promise<void> => {
    const late = setTimeout(() => signal('SIGKILL'), STOP_WITHIN_MS)
    signal('SIGTERM')
    await ended
    clearTimeout(late)
  }
  return { output: () => output, line, ended, stop }
}

/** Runs an example that serves, until it says that it is ready. */
export async function startExample(name: string, options: ExampleOptions = {}): Promise<RunningExample> {
  const running = runExample(name, options)
  await running.line(/Ready (?:on|in)/).catch(async (thrown: unknown) => {
    await running.stop()
    throw thrown
  })
  return running
}
