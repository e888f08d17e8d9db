import { isLoopbackHost } from '../util/loopback.ts'

/** The network of a caller, by which limits count. */
export interface Network {
  /** An IPv4 address, or the /48 of an IPv6 address: what one party may have whole. */
  readonly wide: string
  /** The /64 of an IPv6 address, the network of one subscriber; null for IPv4. */
  readonly narrow: string | null
}

/** The groups of an IPv6 address, 16 bits each. */
const GROUPS = 8
const NARROW_GROUPS = 4
const WIDE_GROUPS = 3

/** An IPv4 address inside an IPv6 address (RFC 4291 section 2.5.5.2). */
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i

/** The address that requests of other people's Workers share. The platform names their zone in CF-Worker. */
const WORKERS = '2a06:98c0:3600::103'

/** The longest name of a zone that counts, in characters (RFC 1035 section 2.3.4). */
const MAX_ZONE = 255

/**
 * Returns the network that a request comes from, as Cloudflare tells it; null where it tells none or this machine: over
 * a service binding, and in development.
 */
export function networkOf(headers: Headers): Network | null {
  const address = headers.get('cf-connecting-ip') ?? ''
  if (address === '' || isLoopbackHost(address) || isLoopbackHost(`[${address}]`)) return null
  if (address.toLowerCase() === WORKERS) {
    const zone = (headers.get('cf-worker') ?? '').slice(0, MAX_ZONE).toLowerCase()
    return { wide: `${WORKERS} ${zone}`, narrow: null }
  }
  const v4 = MAPPED.exec(address)?.[1] ?? address
  if (!v4.includes(':')) return { wide: v4, narrow: null }
  const groups = groupsOf(v4)
  return {
    wide: groups.slice(0, WIDE_GROUPS).join(':'),
    narrow: groups.slice(0, NARROW_GROUPS).join(':'),
  }
}

/** Returns the groups of an IPv6 address in one spelling. */
function groupsOf(address: string): readonly string[] {
  const [head = [], tail = []] = address
    .toLowerCase()
    .split('::')
    .map((part) => part.split(':').filter((group) => group !== ''))
  const missing = Math.max(0, GROUPS - head.length - tail.length)
  return [...head, ...Array<string>(missing).fill('0'), ...tail].map((group) => group.replace(/^0+(?=.)/, ''))
}

/**
 * Returns the neighbourhood of a network, which names no household: the /24 of an IPv4 address, the /48 of an IPv6
 * address, or the zone of a Worker. `undefined` for what is no address.
 */
export function neighbourhood({ wide, narrow }: Network): string | undefined {
  if (narrow !== null) return /^[0-9a-f:]+$/.test(wide) ? `${wide}::/48` : undefined
  const [, first3] = /^(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}$/.exec(wide) ?? []
  if (first3 !== undefined) return `${first3}.0/24`
  return wide.startsWith(WORKERS) ? wide : undefined
}
