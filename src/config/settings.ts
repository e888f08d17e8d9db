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

/** One setting: its environment name, how its text is read, the text that counts when it is unset, and what it does. */
export interface Setting<T> {
  readonly name: string
  readonly parser: Parser<T>
  /** As one would write it; empty for none. */
  readonly preset: string
  readonly about: string
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

const secrets = listOf('secrets of at least 32 characters each', (secret) => secret.length >= 32)

const setting = <T>(name: string, parser: Parser<T>, preset: string, about: string): Setting<T> => ({
  name,
  parser,
  preset,
  about,
})

/** Every setting, in the order of the README's table. Names are Hydra's where Hydra has the setting (contract section 4). */
export const settings = {
  issuer: setting('URLS_SELF_ISSUER', optional(serverUrl), '', 'Issuer (`iss`), verbatim. Required.'),
  secrets: setting(
    'SECRETS_SYSTEM',
    secrets,
    '',
    'Secrets that seal the root keys: the first seals, all open. Required.',
  ),
  public: setting(
    'URLS_SELF_PUBLIC',
    optional(serverUrl),
    '',
    'Base of the public endpoints; the issuer if unset.',
  ),
  publicHosts: setting('PUBLIC_HOSTS', hosts, '', 'Further hosts this server answers for; others get 421.'),
  adminKeys: setting(
    'ADMIN_API_KEYS',
    adminKeys,
    '',
    'Admin API keys, `scope:key` or `key`; the admin API is closed without.',
  ),
  adminAuth: setting(
    'ADMIN_AUTH',
    oneOf('keys', 'open'),
    'keys',
    '`open` needs no key; loopback issuers only.',
  ),
  adminEntrypoint: setting(
    'ADMIN_ENTRYPOINT',
    flag,
    'off',
    'Whether the `Admin` entrypoint answers over a service binding.',
  ),
  login: setting(
    'URLS_LOGIN',
    optional(pageUrl),
    '',
    'Login page; the demo page, or else an explanation, if unset.',
  ),
  registration: setting(
    'URLS_REGISTRATION',
    optional(pageUrl),
    '',
    'Target of `prompt=registration`; the login page if unset.',
  ),
  consent: setting('URLS_CONSENT', optional(pageUrl), '', 'Consent page.'),
  logout: setting('URLS_LOGOUT', optional(pageUrl), '', 'Logout page.'),
  error: setting('URLS_ERROR', optional(pageUrl), '', 'Page for errors that cannot go back to the client.'),
  postLogout: setting(
    'URLS_POST_LOGOUT_REDIRECT',
    optional(pageUrl),
    '',
    'Where a logout ends if the client names no page.',
  ),
  demoPages: setting(
    'DEMO_PAGES',
    optional(flag),
    '',
    'Demo pages and demo user; on only for a loopback issuer if unset.',
  ),
  ttlRequest: setting(
    'TTL_LOGIN_CONSENT_REQUEST',
    duration(1),
    '30m',
    'Time for the login, consent and logout steps.',
  ),
  ttlSession: setting(
    'TTL_AUTHENTICATION_SESSION',
    duration(1, MAX_SESSION_SECONDS, '4320h'),
    '720h',
    'Remembered login sessions, where the login app sets no time.',
  ),
  ttlAccessToken: setting('TTL_ACCESS_TOKEN', duration(1), '1h', 'Access tokens.'),
  ttlRefreshToken: setting(
    'TTL_REFRESH_TOKEN',
    unlimitedDuration,
    '720h',
    'Refresh tokens; `-1` for unlimited.',
  ),
  ttlIdToken: setting('TTL_ID_TOKEN', duration(1), '1h', 'ID tokens.'),
  ttlAuthCode: setting('TTL_AUTH_CODE', duration(1), '10m', 'Authorization codes.'),
  accessToken: setting('STRATEGIES_ACCESS_TOKEN', oneOf('opaque', 'jwt'), 'opaque', 'Form of access tokens.'),
  scopeStrategy: setting(
    'STRATEGIES_SCOPE',
    oneOf('wildcard', 'exact'),
    'wildcard',
    'How registered scopes match requested ones.',
  ),
  jwtScopeClaim: setting(
    'STRATEGIES_JWT_SCOPE_CLAIM',
    oneOf('list', 'string', 'both'),
    'list',
    '`scp` as list, `scope` as string, or both.',
  ),
  jwtTyp: setting(
    'STRATEGIES_JWT_TYP',
    oneOf('JWT', 'at+jwt'),
    'JWT',
    '`typ` of JWT access tokens; `at+jwt` for RFC 9068.',
  ),
  signingAlgorithm: setting(
    'SIGNING_ALGORITHM',
    oneOf('RS256', 'ES256', 'EdDSA'),
    'RS256',
    'Algorithm of signing keys made from now on.',
  ),
  pkceEnforced: setting('OAUTH2_PKCE_ENFORCED', flag, 'false', 'PKCE required of every client.'),
  pkceEnforcedPublic: setting(
    'OAUTH2_PKCE_ENFORCED_FOR_PUBLIC_CLIENTS',
    flag,
    'true',
    'PKCE required of public clients.',
  ),
  stateMinLength: setting(
    'OAUTH2_STATE_MIN_LENGTH',
    optional(integer(0, 255)),
    '',
    'Least length of `state`; if unset 8, but only without `code_challenge` and `nonce`.',
  ),
  defaultGrantAllowedScope: setting(
    'OAUTH2_CLIENT_CREDENTIALS_DEFAULT_GRANT_ALLOWED_SCOPE',
    flag,
    'false',
    "client_credentials without `scope` gets all of the client's scopes.",
  ),
  gracePeriod: setting(
    'OAUTH2_GRANT_REFRESH_TOKEN_ROTATION_GRACE_PERIOD',
    duration(0, MAX_SESSION_SECONDS, '5m, or 4320h with a reuse count'),
    '60s',
    'How long a superseded refresh token still gives its successor; `0s`: never.',
  ),
  graceUses: setting(
    'OAUTH2_GRANT_REFRESH_TOKEN_ROTATION_GRACE_REUSE_COUNT',
    integer(0, 1000),
    '0',
    'How often within the grace period; 0: any number.',
  ),
  excludeNotBefore: setting(
    'OAUTH2_EXCLUDE_NOT_BEFORE_CLAIM',
    flag,
    'false',
    'Leaves `nbf` out of JWT access tokens.',
  ),
  allowedTopLevelClaims: setting(
    'OAUTH2_ALLOWED_TOP_LEVEL_CLAIMS',
    list,
    '',
    'Session claims that are promoted to the top level.',
  ),
  mirrorTopLevelClaims: setting(
    'OAUTH2_MIRROR_TOP_LEVEL_CLAIMS',
    flag,
    'true',
    'Keeps promoted claims in `ext` too.',
  ),
  preserveExtClaims: setting(
    'OAUTH2_PRESERVE_EXT_CLAIMS',
    flag,
    'false',
    'Without mirroring: keeps the other claims in `ext`.',
  ),
  defaultClientScope: setting(
    'OIDC_DYNAMIC_CLIENT_REGISTRATION_DEFAULT_SCOPE',
    words,
    'offline_access offline openid',
    'Scope of clients registered without one.',
  ),
  supportedClaims: setting(
    'WEBFINGER_OIDC_DISCOVERY_SUPPORTED_CLAIMS',
    list,
    '',
    'Further claims in discovery.',
  ),
  supportedScopes: setting(
    'WEBFINGER_OIDC_DISCOVERY_SUPPORTED_SCOPE',
    list,
    '',
    'Further scopes in discovery.',
  ),
  sameSite: setting(
    'SERVE_COOKIES_SAME_SITE_MODE',
    oneOf('None', 'Lax', 'Strict'),
    'None',
    'SameSite of cookies; None becomes Lax on http.',
  ),
  cookieDomain: setting('SERVE_COOKIES_DOMAIN', optional(cookieDomain), '', 'Domain of cookies.'),
  sessionName: setting(
    'SERVE_COOKIES_NAMES_SESSION',
    cookieName,
    'ory_hydra_session',
    'Name of the session cookie.',
  ),
  loginCsrfName: setting(
    'SERVE_COOKIES_NAMES_LOGIN_CSRF',
    cookieName,
    'ory_hydra_login_csrf',
    'Name of the login CSRF cookie.',
  ),
  consentCsrfName: setting(
    'SERVE_COOKIES_NAMES_CONSENT_CSRF',
    cookieName,
    'ory_hydra_consent_csrf',
    'Name of the consent CSRF cookie.',
  ),
  sessionPath: setting('SERVE_COOKIES_PATHS_SESSION', cookiePath, '/', 'Path of the session cookie.'),
  grantsBook: setting(
    'GRANTS_BOOK',
    flag,
    'on',
    'Keeps the list of grants in D1 that answers questions across subjects.',
  ),
} as const
