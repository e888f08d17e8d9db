import type { Config } from '../config/types.ts'
import { nowMs } from '../util/clock.ts'
import { noteTrouble } from '../util/trouble.ts'
import { withTimeout } from '../util/with-timeout.ts'
import { logLine } from './log.ts'
import { OUTBOUND_KINDS, type OutboundPolicy } from './outbound-kinds.ts'
import { readAtMost } from './stream.ts'

/** The complete answer of another server, of any status but a redirect. */
export interface OutboundAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array<ArrayBuffer>
}

/** Why there is no answer, as a clause about the other server. */
const PROBLEMS = {
  address: 'its address is not https on a public host',
  redirect: 'it redirects',
  too_large: 'its answer is too large',
  late: 'it took too long',
  unreachable: 'it cannot be reached',
} as const

export type OutboundProblem = keyof typeof PROBLEMS

/** An answer, or the reason why there is none. */
export type OutboundResult =
  | { readonly answer: OutboundAnswer; readonly problem?: undefined }
  | { readonly answer?: undefined; readonly problem: OutboundProblem }

type Ask<Kind extends string> = (
  config: Config,
  kind: Kind,
  url: string,
  init?: RequestInit,
  binding?: Fetcher,
) => Promise<OutboundResult>

/** Returns a problem as a clause, such as "it redirects". */
export const problemText = (problem: OutboundProblem): string => PROBLEMS[problem]

/**
 * Returns the function that sends requests to other servers. It applies the policy of each kind (addresses, size, time
 * and tries), so that no caller can omit a bound, and logs a request without an answer. A `binding` leads to the one
 * service that the operator bound, whatever the host, so the rule for addresses is not for it.
 */
export const outbound =
  <Kind extends string>(policies: Readonly<Record<Kind, OutboundPolicy>>): Ask<Kind> =>
  async (config, kind, url, init = {}, binding = undefined) => {
    const result = await ask(config, policies[kind], url, init, binding)
    if (result.problem !== undefined) {
      noteTrouble('server', result.problem === 'late' ? 'timeout' : 'error')
      logLine('outbound.failed', {
        host: URL.parse(url)?.host ?? null,
        purpose: kind,
        reason: PROBLEMS[result.problem],
      })
    }
    return result
  }

/**
 * Sends a request to another server, whose address comes from a setting or a client's metadata (design section 6),
 * within the policy of its kind. It never throws: the caller decides what a missing answer means.
 */
export const fetchOutbound = outbound(OUTBOUND_KINDS)

async function ask(
  config: Config,
  policy: OutboundPolicy,
  url: string,
  init: RequestInit,
  binding: Fetcher | undefined,
): Promise<OutboundResult> {
  const target = URL.parse(url)
  if (target === null || !(binding !== undefined || policy.addresses(config, target)))
    return { problem: 'address' }
  const deadline = nowMs() + policy.timeoutMs
  for (let tried = 1; ; tried += 1) {
    const left = deadline - nowMs()
    const result = await exchange(target, init, binding, policy.maxBytes, left)
    if (isSettled(result) || tried >= policy.tries || nowMs() >= deadline) return result
  }
}

/** Whether asking again cannot help: an answer below 500, or one that would be as large, or redirect, again. */
const isSettled = ({ answer, problem }: OutboundResult): boolean =>
  answer === undefined ? problem === 'too_large' || problem === 'redirect' : answer.status < 500

/** Makes one try, and aborts it when its time is over. */
async function exchange(
  target: URL,
  init: RequestInit,
  binding: Fetcher | undefined,
  maxBytes: number,
  timeoutMs: number,
): Promise<OutboundResult> {
  const abort = new AbortController()
  const late = new Error('late')
  const answer = read(target, { ...init, signal: abort.signal }, binding, maxBytes)
  return withTimeout(answer, timeoutMs, () => late)
    .catch((thrown: unknown) => ({ problem: thrown === late ? ('late' as const) : ('unreachable' as const) }))
    .finally(() => abort.abort())
}

async function read(
  target: URL,
  init: RequestInit,
  binding: Fetcher | undefined,
  maxBytes: number,
): Promise<OutboundResult> {
  const request = { ...init, redirect: 'manual' } as const
  const { status, headers, body } = await (binding?.fetch(target.href, request) ??
    fetch(target.href, request))
  if (status >= 300 && status < 400) return { problem: 'redirect' }
  const bytes = await readAtMost(body, maxBytes)
  return bytes === undefined ? { problem: 'too_large' } : { answer: { status, headers, body: bytes } }
}
