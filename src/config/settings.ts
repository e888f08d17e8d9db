import { canonicalOrigin } from '../util/origin.ts'
import { AUDIENCE_RULE, isAmbiguousAudience } from '../util/scope.ts'
import { adminKeys, entrypoints } from './admin-keys.ts'
import { brandLinks, brandName, hexColor, imageUrl, scopeTexts } from './brand.ts'
import { hook } from './hook.ts'
import { identityProviderUrl, requestHeaders } from './identity-provider.ts'
import { LIMITS, MAX_SESSION_SECONDS } from './limits.ts'
import {
  duration,
  flag,
  hostPatterns,
  hosts,
  integer,
  list,
  listOf,
  oneOf,
  optional,
  orOff,
  type Parser,
  pageUrl,
  patience,
  schemes,
  scopeList,
  scopeText,
  serverUrl,
  share,
  splitPlain,
  textThat,
  unlimitedDuration,
} from './parsers.ts'
import { JURISDICTIONS, jurisdictionName, LOCATIONS } from './residency.ts'
import type { LimitName } from './types.ts'

/** One setting. */
export interface Setting<T> {
  /** The name in the environment. */
  readonly name: string
  readonly parser: Parser<T>
  /** The text that counts if the setting is unset; empty for none. */
  readonly preset: string
}

const hsts = textThat(
  'off, or max-age=SECONDS, with ; includeSubDomains and ; preload behind it if wanted',
  (text) => /^(?:off|max-age=\d{1,10}(?:; ?includeSubDomains)?(?:; ?preload)?)$/i.test(text),
)

const cookieName = textThat('a name of letters, digits, _ . - that does not start with __', (text) =>
  /^(?!__)[A-Za-z0-9_.-]+$/.test(text),
)

const cookiePath = textThat('a path that starts with a slash', (text) => /^\/[\w/.~%-]*$/.test(text))

const cookieDomain = textThat('a domain name', (text) => /^\.?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*$/.test(text))

const characterSet = textThat(
  'at least 8 different visible ASCII characters',
  (text) => /^[!-~]{8,}$/.test(text) && new Set(text).size === text.length,
)

const subjectTypes = listOf(
  textThat('public, pairwise or both', (text) => /^(?:public|pairwise)$/.test(text)),
)

const salt = textThat('a text of at least 8 characters', (text) => text.length >= 8)

// Quotes are a part of a secret: what is sealed with it must open after any change here.
const secrets = listOf(
  textThat('secrets of at least 32 characters each', (text) => text.length >= 32),
  splitPlain,
)

const origins = listOf({
  expected: 'origins such as https://app.example or https://*.example, or *',
  parse: (text) => (text === '*' ? text : canonicalOrigin(text)),
})

const resources = listOf(
  textThat(
    `absolute URIs ${AUDIENCE_RULE}`,
    (text) => /^[a-z][a-z0-9+.-]*:\S+$/i.test(text) && !isAmbiguousAudience(text),
  ),
)

const limitNames = listOf<LimitName>({
  expected: `names of limits: ${LIMITS.join(', ')}`,
  parse: (text) => LIMITS.find((name) => name === text),
})

/** A list of names of methods or headers (RFC 9110 section 5.6.2). */
const tokens = listOf(textThat('names', (text) => /^[\w!#$%&'*+.^`|~-]+$/.test(text)))

const setting = <T>(name: string, parser: Parser<T>, preset = ''): Setting<T> => ({ name, parser, preset })

/**
 * Every setting. docs/reference/settings.md describes them. The groups are those of `Config`. A setting that Hydra has too has
 * Hydra's name (contract section 4).
 */
export const settings = {
  issuer: setting('URLS_SELF_ISSUER', optional(serverUrl)),
  systemSecrets: setting('SECRETS_SYSTEM', secrets),
  hosts: setting('PUBLIC_HOSTS', hosts),
  demoPages: setting('DEMO_PAGES', optional(flag)),
  brand: {
    name: setting('BRAND_NAME', brandName, 'Ladon'),
    logo: setting('BRAND_LOGO', optional(imageUrl)),
    icon: setting('BRAND_ICON', optional(imageUrl)),
    color: setting('BRAND_COLOR', hexColor, '#2f5bd7'),
    links: setting('BRAND_LINKS', brandLinks, '{}'),
  },
  scopeTexts: setting('SCOPE_TEXTS', scopeTexts, '{}'),
  signingKeyRotation: setting('SIGNING_KEY_ROTATION', orOff(duration(86_400)), '2160h'),
  signingAlgorithm: setting('SIGNING_ALGORITHM', oneOf('RS256', 'PS256', 'ES256', 'EdDSA'), 'RS256'),
  sessionManagement: setting('OIDC_SESSION_MANAGEMENT', optional(flag)),
  subjects: {
    types: setting('OIDC_SUBJECT_IDENTIFIERS_SUPPORTED_TYPES', subjectTypes, 'public'),
    salt: setting('OIDC_SUBJECT_IDENTIFIERS_PAIRWISE_SALT', optional(salt)),
  },
  pollingInterval: setting(
    'OAUTH2_DEVICE_AUTHORIZATION_TOKEN_POLLING_INTERVAL',
    duration(1, 3600, '1h'),
    '5s',
  ),
  defaultClientScope: setting(
    'OIDC_DYNAMIC_CLIENT_REGISTRATION_DEFAULT_SCOPE',
    scopeText,
    'offline_access offline openid',
  ),
  supportedClaims: setting('WEBFINGER_OIDC_DISCOVERY_SUPPORTED_CLAIMS', list),
  supportedScopes: setting('WEBFINGER_OIDC_DISCOVERY_SUPPORTED_SCOPE', scopeList),
  endpoints: {
    authorization: setting('WEBFINGER_OIDC_DISCOVERY_AUTH_URL', optional(serverUrl)),
    token: setting('WEBFINGER_OIDC_DISCOVERY_TOKEN_URL', optional(serverUrl)),
    device: setting('WEBFINGER_OIDC_DISCOVERY_DEVICE_AUTHORIZATION_URL', optional(serverUrl)),
    jwks: setting('WEBFINGER_OIDC_DISCOVERY_JWKS_URL', optional(serverUrl)),
    userinfo: setting('WEBFINGER_OIDC_DISCOVERY_USERINFO_URL', optional(serverUrl)),
  },
  credentialsUrl: setting('WEBFINGER_OIDC_DISCOVERY_VERIFIABLE_CREDENTIALS_URL', optional(serverUrl)),
  broadcastKeys: setting('WEBFINGER_JWKS_BROADCAST_KEYS', list),
  docs: setting('DOCS', flag, 'on'),
  grantsBook: setting('GRANTS_BOOK', flag, 'on'),
  limitsOff: setting('LIMITS_OFF', limitNames),
  logRequests: setting('LOG_REQUESTS', share, '0.02'),
  outboundPrivate: setting('OUTBOUND_ALLOW_PRIVATE', flag, 'false'),
  urls: {
    public: setting('URLS_SELF_PUBLIC', optional(serverUrl)),
    login: setting('URLS_LOGIN', optional(pageUrl)),
    registration: setting('URLS_REGISTRATION', optional(pageUrl)),
    consent: setting('URLS_CONSENT', optional(pageUrl)),
    logout: setting('URLS_LOGOUT', optional(pageUrl)),
    error: setting('URLS_ERROR', optional(pageUrl)),
    postLogoutRedirect: setting('URLS_POST_LOGOUT_REDIRECT', optional(pageUrl)),
    deviceVerification: setting('URLS_DEVICE_VERIFICATION', optional(pageUrl)),
    deviceSuccess: setting('URLS_DEVICE_SUCCESS', optional(pageUrl)),
  },
  identityProvider: {
    url: setting('URLS_IDENTITY_PROVIDER_URL', optional(identityProviderUrl)),
    headers: setting('URLS_IDENTITY_PROVIDER_HEADERS', requestHeaders, '{}'),
  },
  admin: {
    keys: setting('ADMIN_API_KEYS', adminKeys),
    auth: setting('ADMIN_AUTH', oneOf('keys', 'open'), 'keys'),
    entrypoints: setting('ADMIN_ENTRYPOINT', entrypoints, 'off'),
  },
  deadlines: {
    cached: setting('DEADLINE_CACHED', patience, '1s'),
    storage: setting('DEADLINE_STORAGE', patience, '5s'),
    ledger: setting('DEADLINE_LEDGER', patience, '5s'),
  },
  residency: {
    jurisdiction: setting('LEDGER_JURISDICTION', oneOf(...JURISDICTIONS), 'none'),
    before: setting('LEDGER_JURISDICTIONS_BEFORE', listOf(jurisdictionName)),
    location: setting('LEDGER_LOCATION', optional(oneOf('auto', ...LOCATIONS))),
  },
  ttl: {
    loginConsentRequest: setting('TTL_LOGIN_CONSENT_REQUEST', duration(1), '30m'),
    authenticationSession: setting(
      'TTL_AUTHENTICATION_SESSION',
      duration(1, MAX_SESSION_SECONDS, '4320h'),
      '720h',
    ),
    sessionIdle: setting('TTL_AUTHENTICATION_SESSION_IDLE', unlimitedDuration, '-1'),
    sessionAbsolute: setting('TTL_AUTHENTICATION_SESSION_ABSOLUTE', unlimitedDuration, '-1'),
    accessToken: setting('TTL_ACCESS_TOKEN', duration(1), '1h'),
    refreshToken: setting('TTL_REFRESH_TOKEN', unlimitedDuration, '720h'),
    refreshTokenFamily: setting('TTL_REFRESH_TOKEN_FAMILY', unlimitedDuration, '-1'),
    idToken: setting('TTL_ID_TOKEN', duration(1), '1h'),
    authCode: setting('TTL_AUTH_CODE', duration(1), '10m'),
    deviceUserCode: setting('TTL_DEVICE_USER_CODE', duration(1), '10m'),
    vcNonce: setting('TTL_VC_NONCE', duration(1), '1h'),
  },
  strategies: {
    accessToken: setting('STRATEGIES_ACCESS_TOKEN', oneOf('opaque', 'jwt'), 'opaque'),
    scope: setting('STRATEGIES_SCOPE', oneOf('wildcard', 'exact'), 'wildcard'),
    jwtScopeClaim: setting('STRATEGIES_JWT_SCOPE_CLAIM', oneOf('list', 'string', 'both'), 'list'),
    jwtTyp: setting('STRATEGIES_JWT_TYP', oneOf('JWT', 'at+jwt'), 'JWT'),
  },
  oauth2: {
    pkceEnforced: setting('OAUTH2_PKCE_ENFORCED', flag, 'false'),
    pkceEnforcedForPublicClients: setting('OAUTH2_PKCE_ENFORCED_FOR_PUBLIC_CLIENTS', flag, 'true'),
    stateMinLength: setting('OAUTH2_STATE_MIN_LENGTH', optional(integer(0, 255))),
    defaultGrantAllowedScope: setting('OAUTH2_CLIENT_CREDENTIALS_DEFAULT_GRANT_ALLOWED_SCOPE', flag, 'false'),
    excludeNotBeforeClaim: setting('OAUTH2_EXCLUDE_NOT_BEFORE_CLAIM', flag, 'false'),
    allowedTopLevelClaims: setting('OAUTH2_ALLOWED_TOP_LEVEL_CLAIMS', list),
    mirrorTopLevelClaims: setting('OAUTH2_MIRROR_TOP_LEVEL_CLAIMS', flag, 'true'),
    preserveExtClaims: setting('OAUTH2_PRESERVE_EXT_CLAIMS', flag, 'false'),
    claimsByScope: setting('OIDC_CLAIMS_BY_SCOPE', flag, 'false'),
    revokeTokensOnLogout: setting('OAUTH2_REVOKE_TOKENS_ON_LOGOUT', flag, 'false'),
    tokenHook: setting('OAUTH2_TOKEN_HOOK', optional(hook)),
    refreshTokenHook: setting('OAUTH2_REFRESH_TOKEN_HOOK', optional(hook)),
    tokenHookClaims: setting('OAUTH2_TOKEN_HOOK_CLAIMS', oneOf('merge', 'replace'), 'merge'),
  },
  grace: {
    seconds: setting(
      'OAUTH2_GRANT_REFRESH_TOKEN_ROTATION_GRACE_PERIOD',
      duration(0, MAX_SESSION_SECONDS, '5m, or 4320h with a reuse count'),
      '60s',
    ),
    uses: setting('OAUTH2_GRANT_REFRESH_TOKEN_ROTATION_GRACE_REUSE_COUNT', integer(0, 1000), '0'),
  },
  userCode: {
    preset: setting(
      'OAUTH2_DEVICE_AUTHORIZATION_USER_CODE_ENTROPY_PRESET',
      oneOf('high', 'medium', 'low'),
      'high',
    ),
    length: setting('OAUTH2_DEVICE_AUTHORIZATION_USER_CODE_LENGTH', optional(integer(6, 64))),
    characterSet: setting('OAUTH2_DEVICE_AUTHORIZATION_USER_CODE_CHARACTER_SET', optional(characterSet)),
  },
  jwtBearer: {
    jtiOptional: setting('OAUTH2_GRANT_JWT_JTI_OPTIONAL', flag, 'false'),
    iatOptional: setting('OAUTH2_GRANT_JWT_IAT_OPTIONAL', flag, 'false'),
    maxTtl: setting('OAUTH2_GRANT_JWT_MAX_TTL', duration(1), '720h'),
    omitAudience: setting('OAUTH2_GRANT_JWT_OMIT_ASSERTION_AUDIENCE', flag, 'true'),
  },
  registration: {
    enabled: setting('OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED', flag, 'false'),
    requireToken: setting('OIDC_DYNAMIC_CLIENT_REGISTRATION_REQUIRE_TOKEN', flag, 'false'),
    url: setting('WEBFINGER_OIDC_DISCOVERY_CLIENT_REGISTRATION_URL', optional(serverUrl)),
    resources: setting('OIDC_DYNAMIC_CLIENT_REGISTRATION_RESOURCES', resources),
    hourlyLimit: setting('OIDC_DYNAMIC_CLIENT_REGISTRATION_HOURLY_LIMIT', integer(0, 100_000), '60'),
    unusedTtl: setting('OIDC_DYNAMIC_CLIENT_REGISTRATION_UNUSED_TTL', orOff(duration(86_400)), '2160h'),
    secretTtl: setting('OIDC_DYNAMIC_CLIENT_REGISTRATION_SECRET_TTL', orOff(duration(3600)), 'off'),
    scope: setting('OIDC_DYNAMIC_CLIENT_REGISTRATION_ALLOWED_SCOPE', optional(scopeList)),
    audience: setting('OIDC_DYNAMIC_CLIENT_REGISTRATION_ALLOWED_AUDIENCE', optional(list)),
    grantTypes: setting('OIDC_DYNAMIC_CLIENT_REGISTRATION_ALLOWED_GRANT_TYPES', optional(list)),
    redirectHosts: setting('OIDC_DYNAMIC_CLIENT_REGISTRATION_ALLOWED_REDIRECT_HOSTS', optional(hostPatterns)),
    redirectSchemes: setting('OIDC_DYNAMIC_CLIENT_REGISTRATION_ALLOWED_REDIRECT_SCHEMES', optional(schemes)),
    accessToken: setting('OIDC_DYNAMIC_CLIENT_REGISTRATION_MAX_TTL_ACCESS_TOKEN', optional(duration(1))),
    idToken: setting('OIDC_DYNAMIC_CLIENT_REGISTRATION_MAX_TTL_ID_TOKEN', optional(duration(1))),
    refreshToken: setting('OIDC_DYNAMIC_CLIENT_REGISTRATION_MAX_TTL_REFRESH_TOKEN', optional(duration(1))),
  },
  transport: {
    termination: setting('SERVE_TLS_TERMINATION', oneOf('platform', 'proxy'), 'platform'),
    hsts: setting('SERVE_HSTS', optional(hsts)),
  },
  cookies: {
    sameSite: setting('SERVE_COOKIES_SAME_SITE_MODE', oneOf('None', 'Lax', 'Strict'), 'None'),
    domain: setting('SERVE_COOKIES_DOMAIN', optional(cookieDomain)),
    sessionName: setting('SERVE_COOKIES_NAMES_SESSION', optional(cookieName)),
    loginCsrfName: setting('SERVE_COOKIES_NAMES_LOGIN_CSRF', optional(cookieName)),
    consentCsrfName: setting('SERVE_COOKIES_NAMES_CONSENT_CSRF', optional(cookieName)),
    deviceCsrfName: setting('SERVE_COOKIES_NAMES_DEVICE_CSRF', optional(cookieName)),
    sessionPath: setting('SERVE_COOKIES_PATHS_SESSION', cookiePath, '/'),
  },
  publicCors: {
    enabled: setting('SERVE_PUBLIC_CORS_ENABLED', flag, 'false'),
    allowedOrigins: setting('SERVE_PUBLIC_CORS_ALLOWED_ORIGINS', origins),
    allowedMethods: setting(
      'SERVE_PUBLIC_CORS_ALLOWED_METHODS',
      tokens,
      'POST,GET,PUT,PATCH,DELETE,CONNECT,HEAD,OPTIONS,TRACE',
    ),
    allowedHeaders: setting(
      'SERVE_PUBLIC_CORS_ALLOWED_HEADERS',
      tokens,
      'Accept,Content-Type,Content-Length,Accept-Language,Content-Language,Authorization',
    ),
    exposedHeaders: setting(
      'SERVE_PUBLIC_CORS_EXPOSED_HEADERS',
      tokens,
      'Cache-Control,Expires,Last-Modified,Pragma,Content-Length,Content-Language,Content-Type',
    ),
    allowCredentials: setting('SERVE_PUBLIC_CORS_ALLOW_CREDENTIALS', flag, 'true'),
    maxAge: setting('SERVE_PUBLIC_CORS_MAX_AGE', integer(0, 31_536_000), '0'),
  },
} as const
