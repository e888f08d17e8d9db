/** The groups of an IPv6 address, 16 bits each. */
const GROUPS = 8
/** The groups that name the network of one subscriber, a /64. */
const NETWORK_GROUPS = 4

/**
 * Returns the network of the subscriber that has an IP address: the IPv4 address itself, or the /64 of an IPv6 address.
 */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address
  const [head = [], tail = []] = address
    .split('::')
    .map((part) => part.split(':').filter((group) => group !== ''))
  const missing = Math.max(0, GROUPS - head.length - tail.length)
  const groups = [...head, ...Array<string>(missing).fill('0'), ...tail]
  return groups.slice(0, NETWORK_GROUPS).join(':')
}
