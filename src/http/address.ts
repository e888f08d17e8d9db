/** The parts of a request's URL. */
export type Address = Readonly<Pick<URL, 'protocol' | 'host' | 'hostname' | 'pathname' | 'search'>>

let last: { readonly url: string; readonly address: Address | null } = { url: '', address: null }

/**
 * Returns the parts of a request's URL; null if a `Host` that is none, or several of them, made one that cannot be
 * parsed. Route, host and query of a request are asked for one after the other, so the last URL is remembered.
 */
export function addressOf(url: string): Address | null {
  if (last.url !== url) last = { url, address: URL.parse(url) }
  return last.address
}

/** Returns the query of a request's URL without its `?`. */
export const searchOf = (url: string): string => addressOf(url)?.search.slice(1) ?? ''
