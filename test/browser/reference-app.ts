import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { freePort } from '../support/server.ts'

/** How long the app may take to start, in milliseconds. */
const START_WITHIN_MS = 30_000

const APP = createRequire(import.meta.url).resolve('hydra-login-consent-logout/lib/app.js')

/** Something that runs until it is stopped. */
export interface Running {
  readonly base: string
  stop(): Promise<void>
}

/** Starts Ory's reference login and consent app, as it is, beside the server at `adminUrl`. */
export async function startReferenceApp(port: number, adminUrl: string): Promise<Running> {
  const env = { PATH: process.env['PATH'], PORT: String(port), HYDRA_ADMIN_URL: adminUrl }
  const child = spawn(process.execPath, [APP], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await ended
  }
  let output = ''
  const ready = new Promise<void>((resolve, reject) => {
    const late = setTimeout(
      () => reject(new Error(`The app did not start in time.\n${output}`)),
      START_WITHIN_MS,
    )
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString('utf8')
        if (output.includes('Listening on ')) resolve()
      })
    }
    void ended.then(() => reject(new Error(`The app ended.\n${output}`)))
    void ended.finally(() => clearTimeout(late))
  })
  await ready.catch(async (thrown) => {
    await stop()
    throw thrown
  })
  return { base: `http://localhost:${port}`, stop }
}

/** Starts an application that just stands where browsers are sent back to. */
export async function startCallback(): Promise<Running> {
  const port = await freePort()
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html')
    response.end('<!doctype html><title>Back</title><h1>Back</h1>')
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { base: `http://127.0.0.1:${port}`, stop }
}
