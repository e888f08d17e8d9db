import type { Config } from '../config/types.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { withTimeout } from '../util/with-timeout.ts'
import { hostAllowed } from './hosts.ts'
import { logLine } from './log.ts'
import { readAtMost } from './stream.ts'

/** Bounds of one request: bytes of the answer's body, and milliseconds until its end. */
export interface OutboundLimits {
  readonly maxBytes: number
  readonly timeoutMs: number
}

/** A whole answer; any status but a redirect. */
export interface OutboundAnswer {
  readonly status: number
  readonly body: Uint8Array<ArrayBuffer>
}

/** Hosts that are names of this machine or of a private network (RFC 6761, RFC 6762, RFC 8375). */
const PRIVATE = /(?:^|\.)(?:localhost|internal|local|home\.arpa)$/

/**
 * After URL parsing an IPv4 literal ends in a number, an IPv6 one stands in brackets, a lone label, or none, has no dot, and
 * what ends in a second dot is no name, though some resolvers take it for one.
 */
const NO_PUBLIC_NAME = /(?:^|\.)\d+$|^\[|^[^.]*$|\.$/

/**
 * Asks another server on behalf of a setting or of a client's metadata (design section 6): https on port 443 to a
 * public name that is not ours, no redirects, a bounded answer in bounded time. `OUTBOUND_ALLOW_PRIVATE` lifts the rule on
 * addresses. What a name resolves to is the platform's to check.
 *
 * @throws `outbound_failed` when the address is not allowed or there is no whole answer; the hint says why
 */
export async function fetchOutbound(
  config: Config,
  url: string,
  init: RequestInit,
  limits: OutboundLimits,
): Promise<OutboundAnswer> {
  const target = URL.parse(url)
  if (target === null || !outboundAllowed(config, target))
    throw failed(target, 'its address is not https on a public host')
  const abort = new AbortController()
  const answer = exchange(target, { ...init, signal: abort.signal }, limits)
  const late = (): OAuthError => failed(target, 'it took too long')
  return withTimeout(answer, limits.timeoutMs, late).finally(() => abort.abort())
}

async function exchange(target: URL, init: RequestInit, limits: OutboundLimits): Promise<OutboundAnswer> {
  try {
    const { status, body } = await fetch(target.href, { ...init, redirect: 'manual' })
    if (status >= 300 && status < 400) throw failed(target, 'it redirects')
    const bytes = await readAtMost(body, limits.maxBytes)
    if (bytes === undefined) throw failed(target, `the answer is larger than ${limits.maxBytes} bytes`)
    return { status, body: bytes }
  } catch (thrown) {
    throw thrown instanceof OAuthError ? thrown : failed(target, 'it cannot be reached')
  }
}

/** Whether this server asks at an address at all. */
export function outboundAllowed(config: Config, url: URL): boolean {
  if (url.username !== '' || url.password !== '') return false
  if (config.outboundPrivate) return url.protocol === 'https:' || url.protocol === 'http:'
  // The dot that ends a fully qualified name changes nothing about where it leads.
  const hostname = url.hostname.replace(/\.$/, '')
  if (url.protocol !== 'https:' || url.port !== '') return false
  if (NO_PUBLIC_NAME.test(hostname) || PRIVATE.test(hostname)) return false
  return !hostAllowed(config, new URL(`https://${hostname}`))
}

function failed(target: URL | null, reason: string): OAuthError {
  logLine('outbound.failed', { host: target?.host ?? null, reason })
  return new OAuthError('outbound_failed', `The other server: ${reason}.`)
}
