import { hostAllowed } from './hosts.ts'
import type { Config } from './types.ts'

/** Hosts that are names of this machine or of a private network (RFC 6761, RFC 6762, RFC 8375). */
const PRIVATE = /(?:^|\.)(?:localhost|internal|local|home\.arpa)$/

/**
 * After URL parsing an IPv4 literal ends in a number, an IPv6 one stands in brackets, a lone label, or none, has no dot, and
 * what ends in a second dot is no name, though some resolvers take it for one.
 */
const NO_PUBLIC_NAME = /(?:^|\.)\d+$|^\[|^[^.]*$|\.$/

/**
 * Whether this server asks at an address (design section 6): https on port 443 of a public name that is not ours.
 * `OUTBOUND_ALLOW_PRIVATE` lifts the rule. What a name resolves to is the platform's to check.
 */
export function publicAddress(config: Config, url: URL): boolean {
  if (url.username !== '' || url.password !== '') return false
  if (config.outboundPrivate) return url.protocol === 'https:' || url.protocol === 'http:'
  // The dot that ends a fully qualified name changes nothing about where it leads.
  const hostname = url.hostname.replace(/\.$/, '')
  if (url.protocol !== 'https:' || url.port !== '') return false
  if (NO_PUBLIC_NAME.test(hostname) || PRIVATE.test(hostname)) return false
  return !hostAllowed(config, new URL(`https://${hostname}`))
}
