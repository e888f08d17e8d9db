import { hostAllowed } from './hosts.ts'
import type { Config } from './types.ts'

/** Host names of this machine or of a private network (RFC 6761, RFC 6762, RFC 8375). */
const PRIVATE = /(?:^|\.)(?:localhost|internal|local|home\.arpa)$/

/**
 * Hosts of a parsed URL that are no public name: an IPv4 literal ends in a number, an IPv6 literal is in brackets, and
 * a single or empty label has no dot. A host that still ends in a dot is no name, though some resolvers accept it.
 */
const NO_PUBLIC_NAME = /(?:^|\.)\d+$|^\[|^[^.]*$|\.$/

/**
 * Whether this server may send a request to an address (design section 6): https on port 443 of a public name that is
 * not this server's. `OUTBOUND_ALLOW_PRIVATE` lifts the rule. The platform checks what the name resolves to.
 */
export function publicAddress(config: Config, url: URL): boolean {
  if (url.username !== '' || url.password !== '') return false
  if (config.outboundPrivate) return url.protocol === 'https:' || url.protocol === 'http:'
  // A fully qualified name with a dot at its end is the same host.
  const hostname = url.hostname.replace(/\.$/, '')
  if (url.protocol !== 'https:' || url.port !== '') return false
  if (NO_PUBLIC_NAME.test(hostname) || PRIVATE.test(hostname)) return false
  return !hostAllowed(config, new URL(`https://${hostname}`))
}
