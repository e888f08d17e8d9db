import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** How long the server may take to start, and to stop, in milliseconds. */
const START_WITHIN_MS = 90_000
const STOP_WITHIN_MS = 15_000

const LADON = fileURLToPath(new URL('../../src/dev/ladon.ts', import.meta.url))

/** A development server in a process of its own, with its own state. */
export interface RunningServer {
  /** Base URL, which is the issuer. */
  readonly base: string
  readonly adminKey: string
  /** What the server wrote so far. */
  output(): string
  /** Stops the server and removes its state. */
  stop(): Promise<void>
}

/** Settings of the server, by name, and state to start from. */
export interface ServerOptions {
  readonly vars?: Readonly<Record<string, string>>
  /** Kept by `stop` when given. */
  readonly persistTo?: string
}

/** Starts what `npm run dev` starts, on a free port; resolves when the demo client is registered too. */
export async function startServer({ vars = {}, persistTo }: ServerOptions = {}): Promise<RunningServer> {
  const port = await freePort()
  const state = persistTo ?? (await mkdtemp(join(tmpdir(), 'ladon-state-')))
  const settings = { SECRETS_SYSTEM: 'server-test-secret-of-40-characters-long', ...vars }
  const given = Object.entries(settings).flatMap(([name, value]) => ['--var', `${name}:${value}`])
  const args = [LADON, 'dev', '--', '--port', String(port), '--persist-to', state, ...given]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const stop = async (): Promise<void> => {
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
    child.kill('SIGTERM')
    await ended
    clearTimeout(late)
    if (persistTo === undefined) await rm(state, { recursive: true, force: true })
  }
  const ready = new Promise<void>((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`${why}\n${output}`))
    const late = setTimeout(() => fail('The server did not start in time.'), START_WITHIN_MS)
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString('utf8')
        if (!output.includes('Ctrl-C stops it.')) return
        clearTimeout(late)
        resolve()
      })
    }
    void ended.then(() => {
      clearTimeout(late)
      fail('The server ended.')
    })
  })
  await ready.catch(async (thrown) => {
    await stop()
    throw thrown
  })
  const [, adminKey = ''] = /^ *Admin key +(\S+)/m.exec(output) ?? []
  return { base: `http://localhost:${port}`, adminKey, output: () => output, stop }
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  const probe = createServer()
  return new Promise((resolve, reject) => {
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      probe.close(() => resolve(port))
    })
  })
}
