import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { CommandError } from './command-error.ts'
import type { DevPlan } from './dev-plan.ts'

/** How long a development server may take until it answers, in milliseconds. */
const READY_WITHIN_MS = 60_000

const POLL_MS = 100
const CALL_TIMEOUT_MS = 10_000

/** Answer of the development server. */
export interface Answer {
  readonly status: number
  readonly body: string
}

/** One call to the development server. */
export interface Call {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/**
 * Calls the local server under the host name of its public URL, whatever that resolves to elsewhere.
 * Rejects with the connection's error when nobody answers.
 */
export function callServer(plan: DevPlan, call: Call): Promise<Answer> {
  const { protocol, host, port } = plan.listen
  const send = protocol === 'https' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const request = send({
      host,
      port,
      method: call.method,
      path: call.path,
      headers: { ...call.headers, host: new URL(plan.base).host },
      timeout: CALL_TIMEOUT_MS,
      // wrangler makes its own certificate for https; this call never leaves the machine.
      rejectUnauthorized: false,
    })
    request.once('timeout', () => request.destroy(new CommandError('The server did not answer in time.')))
    request.once('error', reject)
    request.once('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('error', reject)
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
      )
    })
    request.end(call.body)
  })
}

/**
 * Waits until the server reports itself ready. Throws CommandError at once when it names a setting it cannot
 * work with, and after a minute when it is not ready; returns false when `gaveUp` says that it ended.
 */
export async function awaitReady(plan: DevPlan, gaveUp: () => boolean): Promise<boolean> {
  const deadline = Date.now() + READY_WITHIN_MS
  let last = 'It did not answer.'
  while (Date.now() < deadline) {
    if (gaveUp()) return false
    const answer = await callServer(plan, { method: 'GET', path: '/health/ready' }).catch(() => undefined)
    if (answer?.status === 200) return true
    if (answer !== undefined) last = answer.body
    if (last.includes('"misconfiguration"')) break
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  throw new CommandError(`The server is not ready: ${last}`)
}
