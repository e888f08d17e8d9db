import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'

/** The characters that a `Location` header must escape: all but visible ASCII (RFC 3986 section 2). */
const NOT_VISIBLE_ASCII = /[^\x21-\x7e]+/g

/** Splits a URL at its query and fragment. Any text matches. */
const PARTS = /^([^?#]*)(\?[^#]*)?(#.*)?$/s

/** Parameters to add to a URL, by name. */
export type UrlParameters = Readonly<Record<string, string>>

/**
 * Returns a URL in a form that a header can hold. Characters that are not visible ASCII are escaped as UTF-8; all
 * others stay as they are (RFC 3987 section 3.1). As in browsers, a lone surrogate counts as U+FFFD.
 */
export const asciiUrl = (url: string): string =>
  url.replace(NOT_VISIBLE_ASCII, (text) => encodeURIComponent(text.toWellFormed()))

/**
 * Adds parameters to the query of an absolute URL. Parameters of the same name in the query are removed, however they
 * are escaped. The rest of the URL, its fragment too, stays as written, in ASCII (`asciiUrl`).
 *
 * @param dropped - further names to remove from the query
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

/**
 * Replaces the fragment of an absolute URL by parameters.
 *
 * @param dropped - names to remove from the query
 */
export function withFragment(
  url: string,
  parameters: UrlParameters,
  dropped: readonly string[] = [],
): string {
  const [base = ''] = url.split('#', 1)
  return `${withQuery(base, {}, dropped)}#${new URLSearchParams(parameters)}`
}

/** Redirects the browser. All redirects are made here, and none may be stored, since most contain an envelope. */
export function redirect(c: Context<AppEnv>, url: string, status: 302 | 303 | 308): Response {
  c.header('cache-control', 'no-store')
  c.header('pragma', 'no-cache')
  return c.redirect(asciiUrl(url), status)
}

/** Matches a name that does not stand as it is. */
const ESCAPED = /[%+]/

function nameOf(entry: string): string {
  const [name = ''] = entry.split('=', 1)
  if (!ESCAPED.test(name)) return name
  // The ampersand keeps a leading `?` part of the name.
  return new URLSearchParams(`&${name}`).keys().next().value ?? ''
}
