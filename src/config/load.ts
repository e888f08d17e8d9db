import { outboundAllowed } from '../http/outbound.ts'
import { isLoopbackHost } from '../util/loopback.ts'
import { SettingsReader } from './reader.ts'
import { settings } from './settings.ts'
import type {
  Config,
  CookieSettings,
  CorsSettings,
  Lifetimes,
  OAuth2Settings,
  Strategies,
  Urls,
  UserCodeSettings,
} from './types.ts'

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
  const systemSecrets = reader.read(settings.secrets)
  if (systemSecrets.length === 0) reader.missing(settings.secrets)
  const issuerUrl = new URL(issuer ?? NO_ISSUER)
  const loopback = isLoopbackHost(issuerUrl.hostname)
  const demoPages = reader.read(settings.demoPages) ?? loopback
  const config: Config = {
    urls: readUrls(reader, issuer ?? NO_ISSUER, demoPages),
    loopback,
    hosts: reader.read(settings.publicHosts),
    ttl: readLifetimes(reader),
    strategies: readStrategies(reader),
    oauth2: readOAuth2(reader),
    cookies: readCookies(reader, issuerUrl.protocol === 'https:'),
    publicCors: readCors(reader),
    registration: {
      enabled: reader.read(settings.registrationEnabled),
      url: reader.read(settings.registrationUrl),
    },
    credentialsUrl: reader.read(settings.credentialsUrl),
    defaultClientScope: reader.read(settings.defaultClientScope),
    supportedClaims: reader.read(settings.supportedClaims),
    supportedScopes: reader.read(settings.supportedScopes),
    signingAlgorithm: reader.read(settings.signingAlgorithm),
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
  const base = (reader.read(settings.public) ?? issuer).replace(/\/+$/, '')
  const own = demoPages ? '/ui' : '/oauth2/fallbacks'
  // A configured path is taken as a browser would take it; our own pages are below the public URL.
  const page = (value: string | null, preset: string): string => {
    if (value === null) return base + preset
    return value.startsWith('/') ? new URL(value, base).href : value
  }
  const login = page(reader.read(settings.login), `${own}/login`)
  return {
    issuer,
    public: base,
    login,
    registration: page(reader.read(settings.registration) ?? login, ''),
    consent: page(reader.read(settings.consent), `${own}/consent`),
    logout: page(reader.read(settings.logout), `${own}/logout`),
    error: page(reader.read(settings.error), '/oauth2/fallbacks/error'),
    postLogoutRedirect: page(reader.read(settings.postLogout), '/oauth2/fallbacks/logout/callback'),
    deviceVerification: page(reader.read(settings.deviceVerification), `${own}/device`),
    deviceSuccess: page(reader.read(settings.deviceSuccess), `${own}/device/done`),
  }
}

const readLifetimes = (reader: SettingsReader): Lifetimes => ({
  loginConsentRequest: reader.read(settings.ttlRequest),
  authenticationSession: reader.read(settings.ttlSession),
  accessToken: reader.read(settings.ttlAccessToken),
  refreshToken: reader.read(settings.ttlRefreshToken),
  idToken: reader.read(settings.ttlIdToken),
  authCode: reader.read(settings.ttlAuthCode),
  deviceUserCode: reader.read(settings.ttlDeviceUserCode),
  vcNonce: reader.read(settings.ttlVcNonce),
})

const readStrategies = (reader: SettingsReader): Strategies => ({
  accessToken: reader.read(settings.accessToken),
  scope: reader.read(settings.scopeStrategy),
  jwtScopeClaim: reader.read(settings.jwtScopeClaim),
  jwtTyp: reader.read(settings.jwtTyp),
})

function readOAuth2(reader: SettingsReader): OAuth2Settings {
  const grace = { seconds: reader.read(settings.gracePeriod), uses: reader.read(settings.graceUses) }
  if (grace.uses === 0 && grace.seconds > MAX_UNCOUNTED_GRACE) {
    reader.refuse(settings.gracePeriod, `must be ${settings.gracePeriod.parser.expected}`)
  }
  return {
    pkceEnforced: reader.read(settings.pkceEnforced),
    pkceEnforcedForPublicClients: reader.read(settings.pkceEnforcedPublic),
    stateMinLength: reader.read(settings.stateMinLength),
    defaultGrantAllowedScope: reader.read(settings.defaultGrantAllowedScope),
    grace,
    excludeNotBeforeClaim: reader.read(settings.excludeNotBefore),
    allowedTopLevelClaims: reader.read(settings.allowedTopLevelClaims),
    mirrorTopLevelClaims: reader.read(settings.mirrorTopLevelClaims),
    preserveExtClaims: reader.read(settings.preserveExtClaims),
    tokenHook: reader.read(settings.tokenHook),
    refreshTokenHook: reader.read(settings.refreshTokenHook),
    device: { pollingInterval: reader.read(settings.pollingInterval), userCode: readUserCode(reader) },
    jwtBearer: {
      jtiOptional: reader.read(settings.jwtJtiOptional),
      iatOptional: reader.read(settings.jwtIatOptional),
      maxTtl: reader.read(settings.jwtMaxTtl),
      omitAudience: reader.read(settings.jwtOmitAudience),
    },
  }
}

/** A length and a character set go together, and before the preset (contract 3.12). */
function readUserCode(reader: SettingsReader): UserCodeSettings {
  const length = reader.read(settings.userCodeLength)
  const characterSet = reader.read(settings.userCodeCharacterSet)
  if (length !== null && characterSet !== null) return { length, characterSet }
  if (length !== null) reader.missing(settings.userCodeCharacterSet)
  if (characterSet !== null) reader.missing(settings.userCodeLength)
  return USER_CODES[reader.read(settings.userCodePreset)]
}

/** Cookies on a plain http issuer carry Hydra's `_dev` names, and no SameSite=None, which needs Secure (contract 4.4, 5.3). */
function readCookies(reader: SettingsReader, secure: boolean): CookieSettings {
  const infix = secure ? '' : '_dev'
  const sameSite = reader.read(settings.sameSite)
  return {
    sameSite: sameSite === 'None' && !secure ? 'Lax' : sameSite,
    secure,
    domain: reader.read(settings.cookieDomain),
    sessionName: reader.read(settings.sessionName) + infix,
    loginCsrfName: reader.read(settings.loginCsrfName) + infix,
    consentCsrfName: reader.read(settings.consentCsrfName) + infix,
    deviceCsrfName: reader.read(settings.deviceCsrfName) + infix,
    sessionPath: reader.read(settings.sessionPath),
  }
}

const readCors = (reader: SettingsReader): CorsSettings => ({
  enabled: reader.read(settings.corsEnabled),
  allowedOrigins: reader.read(settings.corsOrigins),
  allowedMethods: reader.read(settings.corsMethods),
  allowedHeaders: reader.read(settings.corsHeaders),
  exposedHeaders: reader.read(settings.corsExposed),
  allowCredentials: reader.read(settings.corsCredentials),
  maxAge: reader.read(settings.corsMaxAge),
})

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
    reader.refuse(settings[name], 'must be https, on port 443 of a public host that is not this server')
  }
}

/** Without keys the list is empty and the admin API answers by itself that it is closed: public endpoints go on (design rule 7). */
function readAdmin(reader: SettingsReader, loopback: boolean): Config['admin'] {
  const auth = reader.read(settings.adminAuth)
  if (auth === 'open' && !loopback)
    reader.refuse(settings.adminAuth, 'may be open only with a loopback issuer')
  return { auth, keys: reader.read(settings.adminKeys), entrypoint: reader.read(settings.adminEntrypoint) }
}
