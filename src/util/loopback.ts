const LOOPBACK_V4 = /^127(?:\.\d{1,3}){3}$/

/** Whether a URL host name is a loopback IP literal (RFC 8252 section 7.3). */
export function isLoopbackLiteral(hostname: string): boolean {
  return LOOPBACK_V4.test(hostname) || hostname === '[::1]'
}

/** Whether a URL host name is this machine: `localhost`, `*.localhost`, 127.0.0.0/8 or `[::1]` (RFC 6761). */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost') || isLoopbackLiteral(hostname)
}
