import * as v from 'valibot'
import { plain } from '../cli/plain.ts'

/** How long the server may need until it is ready, ms: new code and secrets take some seconds to spread. */
const PATIENCE_MS = 20_000

const PAUSE_MS = 1000

/** How long one answer may take, ms. */
const DEADLINE_MS = 10_000

const Ready = v.object({ status: v.literal('ok') })

const Failure = v.object({
  error: v.optional(v.string()),
  error_description: v.optional(v.string()),
  errors: v.optional(v.record(v.string(), v.string())),
})

/** What a server says to the question whether it is ready. */
export interface Readiness {
  readonly state: 'ready' | 'failing' | 'silent'
  /** What is printed of it. */
  readonly text: string
}

/**
 * Asks a deployed server whether it is ready, which makes its signing keys the first time. A host that has no address
 * yet is not asked again; any other answer is, for some time.
 *
 * @param base the address of the server, without trailing slash
 * @param patienceMs for how long it is asked, ms
 */
export async function askReady(base: string, patienceMs = PATIENCE_MS): Promise<Readiness> {
  const url = `${base}/health/ready`
  const until = Date.now() + patienceMs
  for (;;) {
    const { again, ...readiness } = await askOnce(url)
    if (!again || Date.now() >= until) return readiness
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
}

async function askOnce(url: string): Promise<Readiness & { readonly again: boolean }> {
  try {
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(DEADLINE_MS) })
    const body: unknown = await response.json().catch(() => ({}))
    if (response.status === 200 && v.is(Ready, body) && response.headers.has('x-request-id'))
      return { state: 'ready', text: `${url} says that the server is ready, and has its keys.`, again: false }
    // Hydra says the same at the same path, and a name may lead to it until now.
    if (response.status === 200) return { state: 'silent', text: another(url), again: true }
    return { state: 'failing', text: failing(url, response.status, body), again: true }
  } catch (thrown) {
    const why = codeOf(thrown)
    return { state: 'silent', text: silent(url, why), again: why !== 'ENOTFOUND' }
  }
}

function failing(url: string, status: number, body: unknown): string {
  const { output, success } = v.safeParse(Failure, body)
  const parts = Object.entries((success && output.errors) || {}).map(
    ([part, problem]) => `${part} ${problem}`,
  )
  const why = parts.length > 0 ? parts.join(', ') : success ? output.error_description : undefined
  // At the address there may still be another server.
  return plain(`The server is not ready: ${url} answers ${status}${why === undefined ? '' : `: ${why}`}.`)
}

const silent = (url: string, why: string): string =>
  `${url} does not answer (${why}). If its name or its certificate is new, that takes some minutes: open it then. It makes the signing keys.`

const another = (url: string): string =>
  `${url} is answered by another server: the name does not lead to this Worker. Open it when it does: it makes the signing keys.`

/** Returns the code of a failed connection, such as ENOTFOUND. */
function codeOf(thrown: unknown): string {
  const cause = thrown instanceof Error ? (thrown.cause ?? thrown) : thrown
  if (typeof cause !== 'object' || cause === null) return 'no connection'
  if ('code' in cause && typeof cause.code === 'string') return cause.code
  return 'name' in cause ? String(cause.name) : 'no connection'
}
