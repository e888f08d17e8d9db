import { isLoopbackHost } from '../util/loopback.ts'
import type { Config } from './types.ts'

/**
 * Whether this server answers requests for the host of a URL: the host of the issuer or the public URL, one of
 * `PUBLIC_HOSTS`, and with a loopback issuer any loopback host (design section 6). Other hosts are answered with 421.
 */
export function hostAllowed(config: Config, url: URL): boolean {
  if (config.loopback && isLoopbackHost(url.hostname)) return true
  const { issuer, public: base } = config.urls
  return [new URL(issuer).host, new URL(base).host, ...config.hosts].includes(url.host)
}
