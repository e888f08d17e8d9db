import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { CommandError } from './command-error.ts'
import type { DevPlan } from './dev-plan.ts'

/** How long a development server may take to become ready, milliseconds. */
const READY_WITHIN_MS = 60_000

const POLL_MS = 100
const CALL_TIMEOUT_MS = 10_000

/** An answer of the development server. */
export interface ServerAnswer {
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
 * Calls the local server with the host name of its public URL. That name is not resolved.
 * Rejects with the connection's error if there is no answer.
 */
export function callServer(plan: DevPlan, call: Call): Promise<ServerAnswer> {
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
      // wrangler makes its own certificate for https, and this call does not leave the machine.
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
 * Waits until the server is ready. Returns false as soon as `gaveUp` returns true, for a server that has ended. Throws
 * CommandError at once if the server reports a bad setting, and after a minute if it is not ready.
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
  throw new CommandError(`The server is not ready: ${inWords(last)}`)
}

/** Returns what an answer with an error says, as text. */
function inWords(answer: string): string {
  try {
    const { error_description: description }: { error_description?: unknown } = JSON.parse(answer)
    return typeof description === 'string' ? description : answer
  } catch {
    return answer
  }
}
