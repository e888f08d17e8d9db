import { hook } from './hook.ts'
import {
  adminKeys,
  duration,
  flag,
  hosts,
  integer,
  list,
  listOf,
  oneOf,
  optional,
  type Parser,
  pageUrl,
  serverUrl,
  unlimitedDuration,
  words,
} from './parsers.ts'

/** One setting: its environment name, how its text is read, and the text that counts when it is unset. */
export interface Setting<T> {
  readonly name: string
  readonly parser: Parser<T>
  /** As one would write it; empty for none. */
  readonly preset: string
}

const MAX_SESSION_SECONDS = 180 * 86_400

const cookieName: Parser<string> = {
  expected: 'a name of letters, digits, _ . - that does not start with __',
  parse: (text) => (/^(?!__)[A-Za-z0-9_.-]+$/.test(text) ? text : undefined),
}

const cookiePath: Parser<string> = {
  expected: 'a path that starts with a slash',
  parse: (text) => (/^\/[\w/.~%-]*$/.test(text) ? text : undefined),
}

const cookieDomain: Parser<string> = {
  expected: 'a domain name',
  parse: (text) => (/^\.?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*$/.test(text) ? text : undefined),
}

const characterSet: Parser<string> = {
  expected: 'at least 8 different visible ASCII characters',
  parse: (text) => (/^[!-~]{8,}$/.test(text) && new Set(text).size === text.length ? text : undefined),
}

const secrets = listOf('secrets of at least 32 characters each', (secret) => secret.length >= 32)

const origins = listOf('origins such as https://app.example or https://*.example, or *', (origin) =>
  /^(?:\*|[a-z][a-z0-9+.-]*:\/\/[^\s/?#@\\]+\/?)$/i.test(origin),
)

/** Names of methods and headers (RFC 9110 section 5.6.2). */
const tokens = listOf('names', (name) => /^[\w!#$%&'*+.^`|~-]+$/.test(name))

const setting = <T>(name: string, parser: Parser<T>, preset: string): Setting<T> => ({ name, parser, preset })

/**
 * Every setting, in the order of the README's table, which says what each does. Names are Hydra's where Hydra has the
 * setting (contract section 4).
 */
export const settings = {
  issuer: setting('URLS_SELF_ISSUER', optional(serverUrl), ''),
  secrets: setting('SECRETS_SYSTEM', secrets, ''),
  public: setting('URLS_SELF_PUBLIC', optional(serverUrl), ''),
  publicHosts: setting('PUBLIC_HOSTS', hosts, ''),
  adminKeys: setting('ADMIN_API_KEYS', adminKeys, ''),
  adminAuth: setting('ADMIN_AUTH', oneOf('keys', 'open'), 'keys'),
  adminEntrypoint: setting('ADMIN_ENTRYPOINT', flag, 'off'),
  login: setting('URLS_LOGIN', optional(pageUrl), ''),
  registration: setting('URLS_REGISTRATION', optional(pageUrl), ''),
  consent: setting('URLS_CONSENT', optional(pageUrl), ''),
  logout: setting('URLS_LOGOUT', optional(pageUrl), ''),
  error: setting('URLS_ERROR', optional(pageUrl), ''),
  postLogout: setting('URLS_POST_LOGOUT_REDIRECT', optional(pageUrl), ''),
  deviceVerification: setting('URLS_DEVICE_VERIFICATION', optional(pageUrl), ''),
  deviceSuccess: setting('URLS_DEVICE_SUCCESS', optional(pageUrl), ''),
  demoPages: setting('DEMO_PAGES', optional(flag), ''),
  ttlRequest: setting('TTL_LOGIN_CONSENT_REQUEST', duration(1), '30m'),
  ttlSession: setting('TTL_AUTHENTICATION_SESSION', duration(1, MAX_SESSION_SECONDS, '4320h'), '720h'),
  ttlAccessToken: setting('TTL_ACCESS_TOKEN', duration(1), '1h'),
  ttlRefreshToken: setting('TTL_REFRESH_TOKEN', unlimitedDuration, '720h'),
  ttlIdToken: setting('TTL_ID_TOKEN', duration(1), '1h'),
  ttlAuthCode: setting('TTL_AUTH_CODE', duration(1), '10m'),
  ttlDeviceUserCode: setting('TTL_DEVICE_USER_CODE', duration(1), '10m'),
  ttlVcNonce: setting('TTL_VC_NONCE', duration(1), '1h'),
  accessToken: setting('STRATEGIES_ACCESS_TOKEN', oneOf('opaque', 'jwt'), 'opaque'),
  scopeStrategy: setting('STRATEGIES_SCOPE', oneOf('wildcard', 'exact'), 'wildcard'),
  jwtScopeClaim: setting('STRATEGIES_JWT_SCOPE_CLAIM', oneOf('list', 'string', 'both'), 'list'),
  jwtTyp: setting('STRATEGIES_JWT_TYP', oneOf('JWT', 'at+jwt'), 'JWT'),
  signingAlgorithm: setting('SIGNING_ALGORITHM', oneOf('RS256', 'ES256', 'EdDSA'), 'RS256'),
  pkceEnforced: setting('OAUTH2_PKCE_ENFORCED', flag, 'false'),
  pkceEnforcedPublic: setting('OAUTH2_PKCE_ENFORCED_FOR_PUBLIC_CLIENTS', flag, 'true'),
  stateMinLength: setting('OAUTH2_STATE_MIN_LENGTH', optional(integer(0, 255)), ''),
  defaultGrantAllowedScope: setting('OAUTH2_CLIENT_CREDENTIALS_DEFAULT_GRANT_ALLOWED_SCOPE', flag, 'false'),
  gracePeriod: setting(
    'OAUTH2_GRANT_REFRESH_TOKEN_ROTATION_GRACE_PERIOD',
    duration(0, MAX_SESSION_SECONDS, '5m, or 4320h with a reuse count'),
    '60s',
  ),
  graceUses: setting('OAUTH2_GRANT_REFRESH_TOKEN_ROTATION_GRACE_REUSE_COUNT', integer(0, 1000), '0'),
  excludeNotBefore: setting('OAUTH2_EXCLUDE_NOT_BEFORE_CLAIM', flag, 'false'),
  allowedTopLevelClaims: setting('OAUTH2_ALLOWED_TOP_LEVEL_CLAIMS', list, ''),
  mirrorTopLevelClaims: setting('OAUTH2_MIRROR_TOP_LEVEL_CLAIMS', flag, 'true'),
  preserveExtClaims: setting('OAUTH2_PRESERVE_EXT_CLAIMS', flag, 'false'),
  tokenHook: setting('OAUTH2_TOKEN_HOOK', optional(hook), ''),
  refreshTokenHook: setting('OAUTH2_REFRESH_TOKEN_HOOK', optional(hook), ''),
  registrationEnabled: setting('OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED', flag, 'false'),
  pollingInterval: setting(
    'OAUTH2_DEVICE_AUTHORIZATION_TOKEN_POLLING_INTERVAL',
    duration(1, 3600, '1h'),
    '5s',
  ),
  userCodePreset: setting(
    'OAUTH2_DEVICE_AUTHORIZATION_USER_CODE_ENTROPY_PRESET',
    oneOf('high', 'medium', 'low'),
    'high',
  ),
  userCodeLength: setting('OAUTH2_DEVICE_AUTHORIZATION_USER_CODE_LENGTH', optional(integer(6, 64)), ''),
  userCodeCharacterSet: setting(
    'OAUTH2_DEVICE_AUTHORIZATION_USER_CODE_CHARACTER_SET',
    optional(characterSet),
    '',
  ),
  jwtJtiOptional: setting('OAUTH2_GRANT_JWT_JTI_OPTIONAL', flag, 'false'),
  jwtIatOptional: setting('OAUTH2_GRANT_JWT_IAT_OPTIONAL', flag, 'false'),
  jwtMaxTtl: setting('OAUTH2_GRANT_JWT_MAX_TTL', duration(1), '720h'),
  jwtOmitAudience: setting('OAUTH2_GRANT_JWT_OMIT_ASSERTION_AUDIENCE', flag, 'true'),
  defaultClientScope: setting(
    'OIDC_DYNAMIC_CLIENT_REGISTRATION_DEFAULT_SCOPE',
    words,
    'offline_access offline openid',
  ),
  registrationUrl: setting('WEBFINGER_OIDC_DISCOVERY_CLIENT_REGISTRATION_URL', optional(serverUrl), ''),
  credentialsUrl: setting('WEBFINGER_OIDC_DISCOVERY_VERIFIABLE_CREDENTIALS_URL', optional(serverUrl), ''),
  supportedClaims: setting('WEBFINGER_OIDC_DISCOVERY_SUPPORTED_CLAIMS', list, ''),
  supportedScopes: setting('WEBFINGER_OIDC_DISCOVERY_SUPPORTED_SCOPE', list, ''),
  broadcastKeys: setting('WEBFINGER_JWKS_BROADCAST_KEYS', list, ''),
  sameSite: setting('SERVE_COOKIES_SAME_SITE_MODE', oneOf('None', 'Lax', 'Strict'), 'None'),
  cookieDomain: setting('SERVE_COOKIES_DOMAIN', optional(cookieDomain), ''),
  sessionName: setting('SERVE_COOKIES_NAMES_SESSION', cookieName, 'ory_hydra_session'),
  loginCsrfName: setting('SERVE_COOKIES_NAMES_LOGIN_CSRF', cookieName, 'ory_hydra_login_csrf'),
  consentCsrfName: setting('SERVE_COOKIES_NAMES_CONSENT_CSRF', cookieName, 'ory_hydra_consent_csrf'),
  deviceCsrfName: setting('SERVE_COOKIES_NAMES_DEVICE_CSRF', cookieName, 'ory_hydra_device_csrf'),
  sessionPath: setting('SERVE_COOKIES_PATHS_SESSION', cookiePath, '/'),
  corsEnabled: setting('SERVE_PUBLIC_CORS_ENABLED', flag, 'false'),
  corsOrigins: setting('SERVE_PUBLIC_CORS_ALLOWED_ORIGINS', origins, ''),
  corsMethods: setting(
    'SERVE_PUBLIC_CORS_ALLOWED_METHODS',
    tokens,
    'POST,GET,PUT,PATCH,DELETE,CONNECT,HEAD,OPTIONS,TRACE',
  ),
  corsHeaders: setting(
    'SERVE_PUBLIC_CORS_ALLOWED_HEADERS',
    tokens,
    'Accept,Content-Type,Content-Length,Accept-Language,Content-Language,Authorization',
  ),
  corsExposed: setting(
    'SERVE_PUBLIC_CORS_EXPOSED_HEADERS',
    tokens,
    'Cache-Control,Expires,Last-Modified,Pragma,Content-Length,Content-Language,Content-Type',
  ),
  corsCredentials: setting('SERVE_PUBLIC_CORS_ALLOW_CREDENTIALS', flag, 'true'),
  corsMaxAge: setting('SERVE_PUBLIC_CORS_MAX_AGE', integer(0, 31_536_000), '0'),
  grantsBook: setting('GRANTS_BOOK', flag, 'on'),
  outboundPrivate: setting('OUTBOUND_ALLOW_PRIVATE', flag, 'false'),
} as const
