import { isLoopbackHost, isLoopbackLiteral } from '../util/loopback.ts'

const HTTP_PARTS = /^http:\/\/([^/?#@:[\]]+|\[[^\]]*\])(?::(\d{1,5}))?([/?][^#]*)?$/

/**
 * Whether a requested redirect URI is registered: as the same string, or both are http on the same loopback IP literal
 * with the same path and query, on any port (RFC 8252 section 7.3, contract 3.7). `null` means that none is registered.
 */
export function redirectUriMatches(registered: readonly string[] | null, requested: string): boolean {
  if (registered === null) return false
  if (registered.includes(requested)) return true
  const wanted = withoutLoopbackPort(requested)
  return wanted !== undefined && registered.some((uri) => withoutLoopbackPort(uri) === wanted)
}

/** Whether a code may be sent to this URI: any but http to another machine (contract 3.7). */
export function isSecureRedirectUri(uri: string): boolean {
  const url = URL.parse(uri)
  return url !== null && (url.protocol !== 'http:' || isLoopbackHost(url.hostname))
}

/** Removes the port from a loopback URI's text; a URL parser would make different URIs equal. */
function withoutLoopbackPort(uri: string): string | undefined {
  const [, host = '', port = '', rest = ''] = HTTP_PARTS.exec(uri) ?? []
  return isLoopbackLiteral(host) && Number(port) <= 65_535 ? `${host} ${rest}` : undefined
}
