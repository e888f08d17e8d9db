import { outboundAllowed } from '../http/outbound.ts'
import { isLoopbackHost } from '../util/loopback.ts'
import { SettingsReader } from './reader.ts'
import { settings } from './settings.ts'
import type { Config, CookieSettings, OAuth2Settings, Urls, UserCodeSettings } from './types.ts'

/** Stands in for a missing issuer while the other settings are looked at; never returned. */
const NO_ISSUER = 'https://issuer.invalid'

/** Longest grace period without a reuse count, in seconds (contract 4.3). */
const MAX_UNCOUNTED_GRACE = 300

/** Characters that look or sound alike are left out, and vowels, so that no words come about (RFC 8628 section 6.1). */
const USER_CODES: Readonly<Record<'high' | 'medium' | 'low', UserCodeSettings>> = {
  high: { length: 8, characterSet: 'BCDFGHJKLMNPQRSTVWXZ23456789' },
  medium: { length: 8, characterSet: 'BCDFGHJKLMNPQRSTVWXZ' },
  low: { length: 9, characterSet: '0123456789' },
}

/**
 * Reads and checks every setting (design section 6). Unknown names are ignored, so a Hydra environment carries over.
 *
 * @throws `misconfiguration` whose hint names every missing or bad setting and what was expected, never a value
 */
export function loadConfig(env: Readonly<Record<string, unknown>>): Config {
  const reader = new SettingsReader(env)
  const issuer = reader.read(settings.issuer)
  if (issuer === null) reader.missing(settings.issuer)
  const systemSecrets = reader.read(settings.systemSecrets)
  if (systemSecrets.length === 0) reader.missing(settings.systemSecrets)
  const issuerUrl = new URL(issuer ?? NO_ISSUER)
  const loopback = isLoopbackHost(issuerUrl.hostname)
  const demoPages = reader.read(settings.demoPages) ?? loopback
  const config: Config = {
    urls: readUrls(reader, issuer ?? NO_ISSUER, demoPages),
    loopback,
    hosts: reader.read(settings.hosts),
    ttl: reader.readAll(settings.ttl),
    strategies: reader.readAll(settings.strategies),
    oauth2: readOAuth2(reader),
    cookies: readCookies(reader, issuerUrl.protocol === 'https:'),
    publicCors: reader.readAll(settings.publicCors),
    registration: reader.readAll(settings.registration),
    subjects: readSubjects(reader),
    credentialsUrl: reader.read(settings.credentialsUrl),
    endpoints: reader.readAll(settings.endpoints),
    defaultClientScope: reader.read(settings.defaultClientScope),
    supportedClaims: reader.read(settings.supportedClaims),
    supportedScopes: reader.read(settings.supportedScopes),
    signingAlgorithm: reader.read(settings.signingAlgorithm),
    signingKeyRotation: reader.read(settings.signingKeyRotation),
    broadcastKeys: reader.read(settings.broadcastKeys),
    systemSecrets,
    admin: readAdmin(reader, loopback),
    demoPages,
    grantsBook: reader.read(settings.grantsBook),
    outboundPrivate: readOutbound(reader, loopback),
  }
  checkHooks(reader, config)
  reader.finish()
  return config
}

function readUrls(reader: SettingsReader, issuer: string, demoPages: boolean): Urls {
  const given = reader.readAll(settings.urls)
  const base = (given.public ?? issuer).replace(/\/+$/, '')
  const own = demoPages ? '/ui' : '/oauth2/fallbacks'
  // A configured path is taken as a browser would take it; our own pages are below the public URL.
  const page = (value: string | null, preset: string): string => {
    if (value === null) return base + preset
    return value.startsWith('/') ? new URL(value, base).href : value
  }
  const login = page(given.login, `${own}/login`)
  return {
    issuer,
    public: base,
    login,
    registration: page(given.registration ?? login, ''),
    consent: page(given.consent, `${own}/consent`),
    logout: page(given.logout, `${own}/logout`),
    error: page(given.error, '/oauth2/fallbacks/error'),
    postLogoutRedirect: page(given.postLogoutRedirect, '/oauth2/fallbacks/logout/callback'),
    deviceVerification: page(given.deviceVerification, `${own}/device`),
    deviceSuccess: page(given.deviceSuccess, `${own}/device/done`),
  }
}

function readOAuth2(reader: SettingsReader): OAuth2Settings {
  const grace = reader.readAll(settings.grace)
  if (grace.uses === 0 && grace.seconds > MAX_UNCOUNTED_GRACE) {
    reader.refuse(settings.grace.seconds, `must be ${settings.grace.seconds.parser.expected}`)
  }
  return {
    ...reader.readAll(settings.oauth2),
    grace,
    device: { pollingInterval: reader.read(settings.pollingInterval), userCode: readUserCode(reader) },
    jwtBearer: reader.readAll(settings.jwtBearer),
  }
}

/** Pairwise identifiers that need no salt could be guessed by whoever knows the subjects (OIDC Core section 8.1). */
function readSubjects(reader: SettingsReader): Config['subjects'] {
  const subjects = reader.readAll(settings.subjects)
  if (subjects.types.includes('pairwise') && subjects.salt === null) reader.missing(settings.subjects.salt)
  return subjects
}

/** A length and a character set go together, and before the preset (contract 3.12). */
function readUserCode(reader: SettingsReader): UserCodeSettings {
  const { length, characterSet, preset } = reader.readAll(settings.userCode)
  if (length !== null && characterSet !== null) return { length, characterSet }
  if (length !== null) reader.missing(settings.userCode.characterSet)
  if (characterSet !== null) reader.missing(settings.userCode.length)
  return USER_CODES[preset]
}

/** Cookies on a plain http issuer carry Hydra's `_dev` names, and no SameSite=None, which needs Secure (contract 4.4, 5.3). */
function readCookies(reader: SettingsReader, secure: boolean): CookieSettings {
  const infix = secure ? '' : '_dev'
  const given = reader.readAll(settings.cookies)
  return {
    ...given,
    sameSite: given.sameSite === 'None' && !secure ? 'Lax' : given.sameSite,
    secure,
    sessionName: given.sessionName + infix,
    loginCsrfName: given.loginCsrfName + infix,
    consentCsrfName: given.consentCsrfName + infix,
    deviceCsrfName: given.deviceCsrfName + infix,
  }
}

function readOutbound(reader: SettingsReader, loopback: boolean): boolean {
  const lifted = reader.read(settings.outboundPrivate)
  if (lifted && !loopback) reader.refuse(settings.outboundPrivate, 'may be on only with a loopback issuer')
  return lifted
}

/** Hooks are asked by the rule for all other servers; an address it forbids is better refused now than at each token. */
function checkHooks(reader: SettingsReader, config: Config): void {
  for (const name of ['tokenHook', 'refreshTokenHook'] as const) {
    const url = config.oauth2[name]?.url
    if (url === undefined || outboundAllowed(config, new URL(url))) continue
    reader.refuse(
      settings.oauth2[name],
      'must be https, on port 443 of a public host that is not this server',
    )
  }
}

/** Without keys the list is empty and the admin API answers by itself that it is closed: public endpoints go on (design rule 7). */
function readAdmin(reader: SettingsReader, loopback: boolean): Config['admin'] {
  const admin = reader.readAll(settings.admin)
  if (admin.auth === 'open' && !loopback) {
    reader.refuse(settings.admin.auth, 'may be open only with a loopback issuer')
  }
  return admin
}
