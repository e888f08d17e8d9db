import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'

/** What no `Location` may hold as it is: all but the visible characters of ASCII (RFC 3986 section 2). */
const FOREIGN = /[^\x21-\x7e]+/g

/** A URL in its three parts; any text fits. */
const PARTS = /^([^?#]*)(\?[^#]*)?(#.*)?$/s

/** Parameters to put into a URL. */
export type UrlParameters = Readonly<Record<string, string>>

/**
 * A URL that may stand in a header: what is not ASCII is escaped as UTF-8, once; all else stays byte for byte (RFC 3987
 * section 3.1). Half a surrogate pair counts as U+FFFD, as browsers take it.
 */
export const asciiUrl = (url: string): string =>
  url.replace(FOREIGN, (text) => encodeURIComponent(text.toWellFormed()))

/**
 * Joins parameters to the query of an absolute URL, each of them there once: what the query held under that name goes,
 * however it was escaped. All else stays as it was written, the fragment too; in ASCII.
 *
 * @param dropped - names that the URL is not to hold, besides those of the parameters
 */
export function withQuery(url: string, parameters: UrlParameters, dropped: readonly string[] = []): string {
  const [, start = '', query, fragment = ''] = PARTS.exec(url) ?? []
  const names = new Set([...dropped, ...Object.keys(parameters)])
  const kept = query
    ?.slice(1)
    .split('&')
    .filter((entry) => !names.has(nameOf(entry)))
  const old = kept?.join('&') ?? ''
  const added = new URLSearchParams(parameters).toString()
  const joint = old === '' || added === '' || old.endsWith('&') ? '' : '&'
  const mark = added !== '' || (kept !== undefined && kept.length > 0) ? '?' : ''
  return asciiUrl(start + mark + old + joint + added + fragment)
}

/** Puts parameters into the fragment of an absolute URL; its query is as `withQuery` leaves it. */
export function withFragment(
  url: string,
  parameters: UrlParameters,
  dropped: readonly string[] = [],
): string {
  const [base = ''] = url.split('#', 1)
  return `${withQuery(base, {}, dropped)}#${new URLSearchParams(parameters)}`
}

/** Sends the browser on. Every redirect goes through here, and none is kept: most carry something sealed. */
export function redirect(c: Context<AppEnv>, url: string, status: 302 | 303): Response {
  c.header('cache-control', 'no-store')
  c.header('pragma', 'no-cache')
  return c.redirect(asciiUrl(url), status)
}

// The ampersand keeps a leading `?` part of the name.
const nameOf = (entry: string): string => new URLSearchParams(`&${entry}`).keys().next().value ?? ''
