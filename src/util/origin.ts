const ANY_PORT = /:\*$/

/**
 * Returns an origin, or a pattern of origins with a `*` in its host or as its port, in the form that browsers send
 * (RFC 6454 section 6.1, URL standard section 4.5): small letters, without the scheme's own port, internationalized
 * names in ASCII. `undefined` for a text that has more than scheme, host and port.
 */
export function canonicalOrigin(text: string): string | undefined {
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@\\]+\/?$/i.test(text)) return undefined
  const given = text.replace(/\/$/, '')
  const anyPort = ANY_PORT.exec(given)?.[0] ?? ''
  const url = URL.parse(given.slice(0, given.length - anyPort.length))
  return url === null || url.host === '' ? undefined : `${url.protocol}//${url.host.toLowerCase()}${anyPort}`
}
