import type { Config } from '../config/types.ts'
import { nowMs } from '../util/clock.ts'
import { withTimeout } from '../util/with-timeout.ts'
import { logLine } from './log.ts'
import { OUTBOUND_KINDS, type OutboundPolicy } from './outbound-kinds.ts'
import { readAtMost } from './stream.ts'

/** A whole answer; any status but a redirect. */
export interface OutboundAnswer {
  readonly status: number
  readonly body: Uint8Array<ArrayBuffer>
}

/** Why there is no answer, in words that end a sentence about the other server. */
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
) => Promise<OutboundResult>

/** A problem in words, such as "it redirects". */
export const problemText = (problem: OutboundProblem): string => PROBLEMS[problem]

/**
 * Makes the one way in which other servers are asked, from what holds for each kind: addresses, size, time and tries
 * are applied here, so no caller can leave them out.
 */
export const outbound =
  <Kind extends string>(policies: Readonly<Record<Kind, OutboundPolicy>>): Ask<Kind> =>
  async (config, kind, url, init = {}) => {
    const result = await ask(config, policies[kind], url, init)
    if (result.problem !== undefined)
      logLine('outbound.failed', {
        host: URL.parse(url)?.host ?? null,
        purpose: kind,
        reason: PROBLEMS[result.problem],
      })
    return result
  }

/**
 * Asks another server on behalf of a setting or of a client's metadata (design section 6), within the policy of that
 * kind. It never throws: whoever asks says what a missing answer means.
 */
export const fetchOutbound = outbound(OUTBOUND_KINDS)

async function ask(
  config: Config,
  policy: OutboundPolicy,
  url: string,
  init: RequestInit,
): Promise<OutboundResult> {
  const target = URL.parse(url)
  if (target === null || !policy.addresses(config, target)) return { problem: 'address' }
  const deadline = nowMs() + policy.timeoutMs
  for (let tried = 1; ; tried += 1) {
    const left = deadline - nowMs()
    const result = await exchange(target, init, policy.maxBytes, left)
    const settled = result.answer !== undefined && result.answer.status < 500
    if (settled || tried >= policy.tries || nowMs() >= deadline) return result
  }
}

/** One try; what is still under way when its time is over is broken off. */
async function exchange(
  target: URL,
  init: RequestInit,
  maxBytes: number,
  timeoutMs: number,
): Promise<OutboundResult> {
  const abort = new AbortController()
  const late = new Error('late')
  const answer = read(target, { ...init, signal: abort.signal }, maxBytes)
  return withTimeout(answer, timeoutMs, () => late)
    .catch((thrown: unknown) => ({ problem: thrown === late ? ('late' as const) : ('unreachable' as const) }))
    .finally(() => abort.abort())
}

async function read(target: URL, init: RequestInit, maxBytes: number): Promise<OutboundResult> {
  const { status, body } = await fetch(target.href, { ...init, redirect: 'manual' })
  if (status >= 300 && status < 400) return { problem: 'redirect' }
  const bytes = await readAtMost(body, maxBytes)
  return bytes === undefined ? { problem: 'too_large' } : { answer: { status, body: bytes } }
}
