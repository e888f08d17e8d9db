import { isLoopbackHost } from '../util/loopback.ts'
import type { Config } from './types.ts'

/**
 * Whether this server answers requests for the host of a URL: the host of the issuer or the public URL, one of
 * `PUBLIC_HOSTS`, and with a loopback issuer any loopback host (design section 6). Other hosts are answered with 421.
 */
export const hostAllowed = (
  { hosts, loopback }: Config,
  { host, hostname }: Pick<URL, 'host' | 'hostname'>,
): boolean => hosts.has(host) || (loopback && isLoopbackHost(hostname))
