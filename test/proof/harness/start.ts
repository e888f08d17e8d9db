import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { runTool } from '../../../src/dev/tools.ts'
import { Isolate } from './isolate.ts'

const SERVE = fileURLToPath(new URL('./serve.ts', import.meta.url))
const START_WITHIN_MS = 90_000

export const ADMIN_KEY = 'ladon-proof-admin-key-8d1f0c'
export const SYSTEM_SECRET = 'ladon-proof-system-secret-of-44-characters-5b'

/** What the server runs with. */
export interface ProofOptions {
  /** The first of two ports. */
  readonly port: number
  /** Settings beside the harness's own. */
  readonly settings?: Readonly<Record<string, string>>
  /** A folder with `index.js` as `wrangler deploy --dry-run` makes it; made of this checkout if absent. */
  readonly bundle?: string | undefined
  /** Gets every line that the server logs or writes. */
  readonly onLine?: (line: string) => void
  /** Whether workerd's inspector is open. */
  readonly inspected?: boolean
}

/** The production bundle in workerd, twice over one storage, in a process that can be killed and started again. */
export class ProofServer {
  readonly first: Isolate
  readonly second: Isolate
  readonly #options: ProofOptions
  readonly #folder: string
  readonly #bundle: string
  #child: ChildProcess | undefined
  #inspector: number | undefined

  private constructor(options: ProofOptions, folder: string, bundle: string) {
    this.#options = options
    this.#folder = folder
    this.#bundle = bundle
    this.first = new Isolate(`http://localhost:${options.port}`, ADMIN_KEY)
    this.second = new Isolate(`http://localhost:${options.port + 1}`, ADMIN_KEY)
  }

  /** Starts a server with empty storage. */
  static async start(options: ProofOptions): Promise<ProofServer> {
    const folder = await mkdtemp(join(tmpdir(), 'ladon-proof-'))
    const bundle = options.bundle ?? join(folder, 'bundle')
    if (options.bundle === undefined) {
      const bundled = await runTool('wrangler', ['deploy', '--dry-run', '--outdir', bundle], true)
      if (bundled.code !== 0) throw new Error(bundled.output)
    }
    const server = new ProofServer(options, folder, bundle)
    await server.#start()
    return server
  }

  /** Ends the processes by SIGKILL, in the middle of whatever they do. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child?.pid === undefined) return
    const ended = once(child, 'exit')
    // workerd first: nothing may tell it to end in order.
    for (const pid of [...(await descendants(child.pid)).toReversed(), child.pid]) signal(pid)
    await ended
    this.#child = undefined
  }

  /** Starts again on the storage as it was left. */
  restart(): Promise<void> {
    return this.#start()
  }

  /** Ends the server and removes its storage. */
  async stop(): Promise<void> {
    await this.kill()
    await rm(this.#folder, { recursive: true, force: true })
  }

  /** Resident memory of the workerd processes, MiB. */
  async memory(): Promise<number> {
    let pages = 0
    for (const one of await this.#workerds()) {
      const fields = (await readFile(`/proc/${one}/statm`, 'utf8').catch(() => '0 0')).split(' ')
      pages += Number(fields[1])
    }
    return Math.round((pages * 4096) / 1_048_576)
  }

  /** Memory of the workerd processes that is in no file, MiB: what they allocated (proc(5), smaps_rollup). */
  async allocated(): Promise<number> {
    let kib = 0
    for (const one of await this.#workerds()) {
      const text = await readFile(`/proc/${one}/smaps_rollup`, 'utf8').catch(() => '')
      kib += Number(/^Anonymous:\s+(\d+)/m.exec(text)?.[1] ?? 0)
    }
    return Math.round(kib / 1024)
  }

  /** How many Durable Objects workerd has open, those that simulate D1 and KV among them: each has its database open. */
  async openObjects(): Promise<number> {
    let count = 0
    for (const one of await this.#workerds()) {
      const folder = `/proc/${one}/fd`
      const files = await readdir(folder).catch(() => [])
      const targets = await Promise.all(files.map((file) => readlink(join(folder, file)).catch(() => '')))
      count += targets.filter((target) => target.endsWith('.sqlite')).length
    }
    return count
  }

  /** The port of workerd's inspector. Throws if it is not open. */
  get inspector(): number {
    if (this.#inspector === undefined) throw new Error('The server was started without inspector.')
    return this.#inspector
  }

  /** Tells both isolates what goes wrong from now on. */
  async faults(what: Readonly<Record<string, string | number>>): Promise<void> {
    const query = new URLSearchParams(Object.entries(what).map(([name, value]) => [name, String(value)]))
    for (const isolate of [this.first, this.second]) await (await isolate.fetch(`/__proof?${query}`)).text()
  }

  async #workerds(): Promise<readonly number[]> {
    const { pid } = this.#child ?? {}
    return pid === undefined ? [] : descendants(pid)
  }

  async #start(): Promise<void> {
    const { port, settings = {}, onLine = () => {}, inspected = false } = this.#options
    const all = {
      URLS_SELF_ISSUER: this.first.base,
      SECRETS_SYSTEM: SYSTEM_SECRET,
      ADMIN_API_KEYS: ADMIN_KEY,
      OUTBOUND_ALLOW_PRIVATE: 'true',
      OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true',
      OIDC_DYNAMIC_CLIENT_REGISTRATION_HOURLY_LIMIT: '0',
      OAUTH2_DEVICE_AUTHORIZATION_TOKEN_POLLING_INTERVAL: '1s',
      ...settings,
    }
    const places = ['--port', String(port), '--state', join(this.#folder, 'state'), '--bundle', this.#bundle]
    if (inspected) places.push('--inspect')
    const given = Object.entries(all).map(([name, value]) => `${name}=${value}`)
    const child = spawn(process.execPath, ['--no-warnings', SERVE, ...places, '--', ...given], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    const output: string[] = []
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string): void => reject(new Error(`${why}\n${output.slice(-20).join('\n')}`))
      const late = setTimeout(() => fail('The server did not start in time.'), START_WITHIN_MS)
      const heard = (line: string): void => {
        if (output.length < 100) output.push(line)
        onLine(line)
        if (line.startsWith('INSPECTOR ')) this.#inspector = Number(line.slice('INSPECTOR '.length))
        if (line !== 'READY') return
        clearTimeout(late)
        resolve()
      }
      for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', heard)
      child.once('exit', () => fail('The server ended.'))
    })
  }
}

function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended with its parent.
  }
}

/** The processes that a process started, and those that they started (proc(5)). */
async function descendants(pid: number): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  const children = text
    .split(' ')
    .filter((item) => item !== '')
    .map(Number)
  const below = await Promise.all(children.map(descendants))
  return [...children, ...below.flat()]
}
