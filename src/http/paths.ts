/** Admin routes that v1 SDKs call without the `/admin` prefix (contract 0.2, 1.2). */
const UNPREFIXED =
  /^\/(?:clients|keys|version|trust|metrics|oauth2\/(?:introspect|flush|tokens|auth\/(?:requests|sessions)))(?:\/|$)/

/**
 * The path a request is routed by: repeated slashes collapsed, one trailing slash dropped, and the admin prefix
 * added where older SDKs leave it out (contract 0.2). `//admin/…` comes from a base URL that ends in a slash.
 */
export function canonicalPath(path: string): string {
  const collapsed = path.replace(/\/{2,}/g, '/')
  const trimmed = collapsed.length > 1 && collapsed.endsWith('/') ? collapsed.slice(0, -1) : collapsed
  return UNPREFIXED.test(trimmed) ? `/admin${trimmed}` : trimmed
}
