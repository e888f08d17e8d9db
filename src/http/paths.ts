/** Admin routes that v1 SDKs call without the `/admin` prefix (contract 0.2, 1.2). */
const UNPREFIXED =
  /^\/(?:clients|keys|version|trust|metrics|oauth2\/(?:introspect|flush|tokens|auth\/(?:requests|sessions)))(?:\/|$)/

/** v1.0-beta puts the challenge before the verdict; here it comes last (contract 8.1). */
const VERDICT_LAST = /^(\/admin\/oauth2\/auth\/requests\/(?:login|consent))\/([^/]+)\/(accept|reject)$/

/**
 * The path a request is routed by: repeated slashes collapsed, one trailing slash dropped, and the admin prefix
 * added where older SDKs leave it out (contract 0.2). `//admin/…` comes from a base URL that ends in a slash.
 */
export function canonicalPath(path: string): string {
  const collapsed = path.replace(/\/{2,}/g, '/')
  const trimmed = collapsed.length > 1 && collapsed.endsWith('/') ? collapsed.slice(0, -1) : collapsed
  const prefixed = UNPREFIXED.test(trimmed) ? `/admin${trimmed}` : trimmed
  return prefixed.replace(VERDICT_LAST, '$1/$3/$2')
}

/** Whether the caller left the admin prefix out, as v1 SDKs do. */
export const isV1Path = (url: string): boolean => !/^\/+admin(?:\/|$)/.test(new URL(url).pathname)
