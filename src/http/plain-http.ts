import type { Config } from '../config/types.ts'
import { invalidRequest, type OAuthError } from '../errors/oauth-error.ts'
import { addressOf } from './address.ts'
import { NO_STORE } from './json.ts'
import { asciiUrl } from './location.ts'

/**
 * Whether a request came over plain http though this server is reached over https. The platform tells the scheme. Where
 * a proxy in front ends TLS, it does; its header counts only if the setting says that there is one.
 */
export function isPlain({ transport }: Config, { url, headers }: Request): boolean {
  if (transport.tls === 'none') return false
  if (transport.tls === 'platform') return addressOf(url)?.protocol === 'http:'
  const schemes = headers.get('x-forwarded-proto')?.split(',') ?? []
  return schemes.some((scheme) => scheme.trim().toLowerCase() === 'http')
}

/** The refusal of a request over plain http. */
export const plainRefusal = (): OAuthError => invalidRequest('plain_http')

/**
 * Answers a request over plain http, before anything is done for it: a link is led to https. Throws for what may carry
 * a credential, which was sent in the clear: whoever sent it must notice (RFC 6749 section 1.6, RFC 9700 section 2.6).
 */
export function leadToHttps({ method, url, headers }: Request): Response {
  const target = new URL(url)
  const isLink = (method === 'GET' || method === 'HEAD') && !headers.has('authorization')
  if (!isLink || target.searchParams.has('access_token')) throw plainRefusal()
  target.protocol = 'https:'
  return new Response(null, { status: 308, headers: { location: asciiUrl(target.href), ...NO_STORE } })
}
