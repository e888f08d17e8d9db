import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { ROOT, TOOLS, type Tool } from './paths.ts'

/** How long a process group may take to stop before it is killed, milliseconds. */
const STOP_GRACE_MS = 5_000

const POLL_MS = 50

/** The environment of every tool: no telemetry, no update check, and no download that development does not need. */
const OFFLINE_ENV = {
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
}

/** How a tool ended. */
export interface Outcome {
  /** The exit code. */
  readonly code: number
  /** Its output, if it was captured; else empty. */
  readonly output: string
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Runs a tool to its end. Its output goes to the terminal, or is returned with `capture`. */
export function runTool(tool: Tool, args: readonly string[], capture = false): Promise<Outcome> {
  const child = spawn(process.execPath, [TOOLS[tool], ...args], {
    cwd: ROOT,
    env: { ...process.env, ...OFFLINE_ENV },
    stdio: capture ? ['ignore', 'pipe', 'pipe'] : 'inherit',
  })
  const chunks: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) =>
      resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString('utf8') }),
    )
  })
}

/** A long-running tool with its child processes, which are stopped together. */
export class ToolGroup {
  readonly exited: Promise<number>
  readonly #child: ChildProcess
  #over = false

  /**
   * Starts the tool in its own process group. A Ctrl-C only reaches this command, which then stops the group.
   *
   * @param shown - returns what is shown of a line of its output; null for nothing
   */
  constructor(tool: Tool, args: readonly string[], shown: (line: string) => string | null) {
    this.#child = spawn(process.execPath, [TOOLS[tool], ...args], {
      cwd: ROOT,
      env: { ...process.env, ...OFFLINE_ENV },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    })
    const { stdout, stderr } = this.#child
    for (const [input, output] of [[stdout, process.stdout] as const, [stderr, process.stderr] as const]) {
      if (input === null) continue
      createInterface({ input }).on('line', (line) => {
        const text = shown(line)
        if (text !== null) output.write(`${text}\n`)
      })
    }
    this.exited = new Promise((resolve, reject) => {
      this.#child.once('error', reject)
      this.#child.once('exit', (code) => {
        this.#over = true
        resolve(code ?? 0)
      })
    })
    process.once('exit', () => this.#signal('SIGKILL'))
  }

  /** The id of the process group; undefined if the tool could not be started. */
  get id(): number | undefined {
    return this.#child.pid
  }

  /** Whether the tool itself has ended. */
  get over(): boolean {
    return this.#over
  }

  /** Stops the whole group: asks its processes to end, waits for them, and kills those that are left. */
  async stop(): Promise<void> {
    const deadline = Date.now() + STOP_GRACE_MS
    this.#signal('SIGTERM')
    while (this.#signal(0) && Date.now() < deadline) await pause(POLL_MS)
    this.#signal('SIGKILL')
    await this.exited
  }

  /** Sends a signal to the group. Returns false if no process is left. */
  #signal(signal: NodeJS.Signals | 0): boolean {
    const { pid } = this.#child
    if (pid === undefined) return false
    if (process.platform === 'win32') return !this.#over && this.#child.kill(signal)
    try {
      return process.kill(-pid, signal)
    } catch {
      return false
    }
  }
}
