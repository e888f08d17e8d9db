import { isLoopbackHost } from '../util/loopback.ts'
import type { Config } from './types.ts'

/**
 * Whether this server answers for the host of a request URL: the issuer's, the public URL's, those of
 * `PUBLIC_HOSTS`, and with a loopback issuer any loopback host (design section 6). Others get 421.
 */
export function hostAllowed(config: Config, url: URL): boolean {
  if (config.loopback && isLoopbackHost(url.hostname)) return true
  const { issuer, public: base } = config.urls
  return [new URL(issuer).host, new URL(base).host, ...config.hosts].includes(url.host)
}
