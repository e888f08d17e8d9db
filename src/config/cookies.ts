import type { Values } from './reader.ts'
import type { settings } from './settings.ts'
import type { CookieSettings } from './types.ts'

/** The names where none is configured: Hydra's. */
const NAMES = {
  sessionName: 'ory_hydra_session',
  loginCsrfName: 'ory_hydra_login_csrf',
  consentCsrfName: 'ory_hydra_consent_csrf',
  deviceCsrfName: 'ory_hydra_device_csrf',
} as const

/** Browsers take cookies of such names from this host alone, over TLS, for all paths (RFC 6265bis section 4.1.3.2). */
const HOST_PREFIX = '__Host-'

/**
 * Returns the settings of cookies. With an https issuer a cookie that no other host and no part of this one shares, and
 * whose name is not configured, is named so that no other host can plant it. With an http issuer cookies have Hydra's
 * `_dev` names, and never SameSite=None, which needs Secure (contract 4.4, 5.3).
 */
export function cookieSettings(
  { sameSite, domain, sessionPath, ...names }: Values<typeof settings.cookies>,
  secure: boolean,
): CookieSettings {
  const named = (cookie: keyof typeof NAMES, ownHost: boolean, ending = ''): string => {
    const name = names[cookie]
    if (!secure) return `${name ?? NAMES[cookie]}_dev${ending}`
    return name === null && ownHost ? HOST_PREFIX + NAMES[cookie] + ending : (name ?? NAMES[cookie]) + ending
  }
  const ownHost = domain === null
  return {
    secure,
    domain,
    sessionPath,
    sameSite: secure || sameSite !== 'None' ? sameSite : 'Lax',
    sessionName: named('sessionName', ownHost && sessionPath === '/'),
    // It is for this host and all paths, whatever is configured for the others.
    stateName: named('sessionName', true, '_state'),
    loginCsrfName: named('loginCsrfName', ownHost),
    consentCsrfName: named('consentCsrfName', ownHost),
    deviceCsrfName: named('deviceCsrfName', ownHost),
  }
}
