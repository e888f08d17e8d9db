import { isLoopbackHost } from '../util/loopback.ts'
import { scopeRule } from '../util/scope.ts'
import { publicAddress } from './addresses.ts'
import { nameKeys } from './admin-keys.ts'
import { cookieSettings } from './cookies.ts'
import { withWholeHooks } from './hook.ts'
import { BOUND_URL, isBound } from './identity-provider.ts'
import { SettingsReader, type Values } from './reader.ts'
import { isWithin, residencyOf } from './residency.ts'
import { settings } from './settings.ts'
import { transportSettings } from './transport.ts'
import type { Config, IdentityProvider, Urls, UserCodeSettings } from './types.ts'

/** Replaces a missing issuer while the other settings are checked. Never returned. */
const NO_ISSUER = 'https://issuer.invalid'

/**
 * How paths of this server begin. The path of the issuer or the public URL may not begin so: a request could not be told
 * from one that came without that path.
 */
export const OWN_SEGMENTS: readonly string[] = [
  ...[
    '.well-known',
    'admin',
    'clients',
    'connect',
    'credentials',
    'demo',
    'docs',
    'health',
    'keys',
    'llms.txt',
  ],
  ...['metrics', 'oauth2', 'openapi.json', 'trust', 'ui', 'userinfo', 'version'],
]

/** The longest grace period without a reuse count, seconds (contract 4.3). */
const MAX_UNCOUNTED_GRACE = 300

/**
 * The sets have no characters that look or sound alike, and no vowels, which could form words (RFC 8628 section 6.1).
 */
const USER_CODES: Readonly<Record<'high' | 'medium' | 'low', UserCodeSettings>> = {
  high: { length: 8, characterSet: 'BCDFGHJKLMNPQRSTVWXZ23456789' },
  medium: { length: 8, characterSet: 'BCDFGHJKLMNPQRSTVWXZ' },
  low: { length: 9, characterSet: '0123456789' },
}

/**
 * Reads and checks every setting (design section 6). Unknown names are ignored, so Hydra's environment can be used.
 *
 * @throws `misconfiguration` whose hint names every missing or bad setting and what was expected, never a value
 */
export function loadConfig(env: Readonly<Record<string, unknown>>): Config {
  const reader = new SettingsReader(withWholeHooks(env))
  const { issuer, urls, grace, pollingInterval, userCode, jwtBearer, ...given } = reader.read(settings)
  const issuerUrl = new URL(issuer ?? NO_ISSUER)
  const loopback = isLoopbackHost(issuerUrl.hostname)
  const cookies = cookieSettings(given.cookies, issuerUrl.protocol === 'https:')
  const demoPages = given.demoPages ?? loopback
  const all = absoluteUrls(urls, issuer ?? NO_ISSUER, demoPages)
  const publicUrl = new URL(all.public)
  const config: Config = {
    ...given,
    urls: all,
    hosts: new Set([issuerUrl.host, publicUrl.host, ...given.hosts]),
    transport: transportSettings(given.transport, issuerUrl, publicUrl, loopback),
    residency: residencyOf(given.residency),
    loopback,
    demoPages,
    admin: { ...given.admin, keys: nameKeys(given.admin.keys, given.systemSecrets) },
    oauth2: {
      ...given.oauth2,
      grace,
      device: { pollingInterval, userCode: userCodes(reader, userCode) },
      jwtBearer,
    },
    cookies,
    registration: registration(given.registration, given.ttl),
    identityProvider: identityProvider(given.identityProvider, isBound(env['IDENTITY_PROVIDER'])),
    sessionManagement: given.sessionManagement ?? (loopback || cookies.sameSite === 'None'),
  }
  if (issuer === null) reader.missing(settings.issuer)
  check(reader, config)
  reader.finish()
  return config
}

type Given = Values<typeof settings>

function absoluteUrls(given: Given['urls'], issuer: string, demoPages: boolean): Urls {
  const base = (given.public ?? issuer).replace(/\/+$/, '')
  const own = demoPages ? '/ui' : '/oauth2/fallbacks'
  // A configured path is resolved as a browser does; built-in pages are below the public URL.
  const page = (value: string | null, preset: string): string =>
    value?.startsWith('/') ? new URL(value, base).href : (value ?? base + preset)
  const login = page(given.login, `${own}/login`)
  const path = pathOf(base)
  // A longer path is tried before one that it starts with.
  const prefixes = [...new Set([path, pathOf(issuer)])].sort((one, other) => other.length - one.length)
  return {
    issuer,
    public: base,
    path,
    prefixes: prefixes.filter((prefix) => prefix !== ''),
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

const pathOf = (url: string): string => new URL(url).pathname.replace(/\/+$/, '')

/**
 * Returns the form of user codes. A length and a character set need each other and override the preset (contract 3.12).
 */
function userCodes(
  reader: SettingsReader,
  { length, characterSet, preset }: Given['userCode'],
): UserCodeSettings {
  if (length !== null && characterSet !== null) return { length, characterSet }
  if (length !== null) reader.missing(settings.userCode.characterSet)
  if (characterSet !== null) reader.missing(settings.userCode.length)
  return USER_CODES[preset]
}

/** Returns the settings of dynamic registration. By default a client may shorten the configured lifetimes only. */
function registration(given: Given['registration'], ttl: Given['ttl']): Config['registration'] {
  const { enabled, requireToken, url, resources, hourlyLimit, unusedTtl, secretTtl, ...more } = given
  const { accessToken, idToken, refreshToken, ...policy } = more
  return {
    enabled,
    requireToken,
    url,
    resources,
    hourlyLimit,
    unusedTtl,
    secretTtl,
    policy,
    maxTtl: {
      accessToken: accessToken ?? ttl.accessToken,
      idToken: idToken ?? ttl.idToken,
      refreshToken: refreshToken ?? ttl.refreshToken,
    },
  }
}

/** Returns the identity provider that a URL or a binding leads to; null without either. */
function identityProvider(given: Given['identityProvider'], bound: boolean): IdentityProvider | null {
  const url = given.url ?? (bound ? BOUND_URL : null)
  return url === null ? null : { url: url.replace(/\/+$/, ''), headers: given.headers, bound }
}

/** Checks settings that need each other, or a loopback issuer. */
function check(reader: SettingsReader, config: Config): void {
  const { oauth2, subjects, loopback, identityProvider } = config
  if (config.systemSecrets.length === 0) reader.missing(settings.systemSecrets)
  const begun = config.urls.prefixes.find((prefix) => OWN_SEGMENTS.includes(prefix.split('/')[1] ?? ''))
  if (begun !== undefined)
    reader.refuse(
      pathOf(config.urls.issuer) === begun ? settings.issuer : settings.urls.public,
      'must not have a path that begins like a path of this server, such as /oauth2',
    )
  const { enabled, policy } = config.registration
  const mayBeRegistered = scopeRule(config.strategies.scope, policy.scope ?? [])
  if (enabled && policy.scope !== null && !config.defaultClientScope.split(' ').some(mayBeRegistered))
    reader.refuse(
      settings.defaultClientScope,
      `must hold a scope of ${settings.registration.scope.name}, for clients that ask for none`,
    )
  if (oauth2.grace.uses === 0 && oauth2.grace.seconds > MAX_UNCOUNTED_GRACE)
    reader.bad(settings.grace.seconds)
  const { location, jurisdiction } = config.residency
  if (location !== null && location !== 'auto' && !isWithin(location, jurisdiction))
    reader.refuse(
      settings.residency.location,
      `must be a region in the jurisdiction ${jurisdiction}, or auto`,
    )
  // Without a salt, anybody who knows the subjects can compute the pairwise identifiers (OIDC Core section 8.1).
  if (subjects.types.includes('pairwise') && subjects.salt === null) reader.missing(settings.subjects.salt)
  // Missing admin keys are not refused here: the admin API then answers that it is closed (design rule 7).
  if (config.admin.auth === 'open' && !loopback)
    reader.refuse(settings.admin.auth, 'may be open only with a loopback issuer')
  if (config.outboundPrivate && !loopback)
    reader.refuse(settings.outboundPrivate, 'may be on only with a loopback issuer')
  // These obey the rule for all other servers. A forbidden address is refused here, so that not every request fails.
  const outbound = [
    [settings.oauth2.tokenHook, oauth2.tokenHook?.url],
    [settings.oauth2.refreshTokenHook, oauth2.refreshTokenHook?.url],
    [settings.identityProvider.url, identityProvider?.bound === false ? identityProvider.url : undefined],
  ] as const
  for (const [setting, url] of outbound) {
    if (url !== undefined && !publicAddress(config, new URL(url)))
      reader.refuse(setting, 'must be https, on port 443 of a public host that is not this server')
  }
}
