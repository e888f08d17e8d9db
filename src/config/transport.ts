import type { Values } from './reader.ts'
import type { settings } from './settings.ts'
import type { TransportSettings } from './types.ts'

/** A year: what browsers' preload lists ask for. Other hosts of the domain are their owners' to decide on. */
const HSTS = 'max-age=31536000'

/** Domains of the platform, which its customers share. */
const SHARED = /\.(?:workers|pages)\.dev$/

/**
 * Returns who knows whether a request came over TLS, and the HSTS header (RFC 6797). Without a setting that is sent where
 * the issuer is https on a domain of its own.
 */
export function transportSettings(
  { termination, hsts }: Values<typeof settings.transport>,
  issuer: URL,
  base: URL,
  loopback: boolean,
): TransportSettings {
  if (base.protocol !== 'https:') return { tls: 'none', hsts: null }
  const own = issuer.protocol === 'https:' && !loopback && !SHARED.test(issuer.hostname)
  const header = hsts ?? (own ? HSTS : 'off')
  return { tls: termination, hsts: /^off$/i.test(header) ? null : header }
}
