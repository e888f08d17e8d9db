/** Groups of an IPv6 address, of 16 bits each, and those that name the network one subscriber has. */
const GROUPS = 8
const NETWORK_GROUPS = 4

/** The network an IP address belongs to as far as one subscriber goes: an IPv4 address itself, an IPv6 /64. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address
  const [head = [], tail = []] = address
    .split('::')
    .map((part) => part.split(':').filter((group) => group !== ''))
  const missing = Math.max(0, GROUPS - head.length - tail.length)
  const groups = [...head, ...Array<string>(missing).fill('0'), ...tail]
  return groups.slice(0, NETWORK_GROUPS).join(':')
}
