import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { LOCATIONS } from '../../src/config/residency.ts'
import { allSettings } from '../support/settings.ts'
import { edge, hookWith, local, problemOf, SECRET } from './settings-env.ts'

describe('defaults', () => {
  it('are complete and closed on an https issuer', () => {
    expect(loadConfig(edge)).toEqual({
      urls: {
        issuer: 'https://op.example',
        public: 'https://op.example',
        path: '',
        prefixes: [],
        login: 'https://op.example/oauth2/fallbacks/login',
        registration: 'https://op.example/oauth2/fallbacks/login',
        consent: 'https://op.example/oauth2/fallbacks/consent',
        logout: 'https://op.example/oauth2/fallbacks/logout',
        error: 'https://op.example/oauth2/fallbacks/error',
        postLogoutRedirect: 'https://op.example/oauth2/fallbacks/logout/callback',
        deviceVerification: 'https://op.example/oauth2/fallbacks/device',
        deviceSuccess: 'https://op.example/oauth2/fallbacks/device/done',
      },
      loopback: false,
      brand: { name: 'Ladon', logo: null, icon: null, color: '#2f5bd7', links: {} },
      scopeTexts: {},
      hosts: new Set(['op.example']),
      ttl: {
        loginConsentRequest: 1800,
        authenticationSession: 2_592_000,
        accessToken: 3600,
        refreshToken: 2_592_000,
        refreshTokenFamily: null,
        sessionAbsolute: null,
        sessionIdle: null,
        idToken: 3600,
        authCode: 600,
        deviceUserCode: 600,
        vcNonce: 3600,
      },
      deadlines: { cached: 1000, storage: 5000, ledger: 5000 },
      residency: { jurisdiction: 'none', jurisdictions: ['none'], location: null },
      strategies: { accessToken: 'opaque', scope: 'wildcard', jwtScopeClaim: 'list', jwtTyp: 'JWT' },
      oauth2: {
        pkceEnforced: false,
        pkceEnforcedForPublicClients: true,
        stateMinLength: null,
        defaultGrantAllowedScope: false,
        grace: { seconds: 60, uses: 0 },
        excludeNotBeforeClaim: false,
        allowedTopLevelClaims: [],
        mirrorTopLevelClaims: true,
        preserveExtClaims: false,
        claimsByScope: false,
        revokeTokensOnLogout: false,
        tokenHook: null,
        tokenHookClaims: 'merge',
        refreshTokenHook: null,
        device: { pollingInterval: 5, userCode: { length: 8, characterSet: 'BCDFGHJKLMNPQRSTVWXZ23456789' } },
        jwtBearer: { jtiOptional: false, iatOptional: false, maxTtl: 2_592_000, omitAudience: true },
      },
      publicCors: {
        enabled: false,
        allowedOrigins: [],
        allowedMethods: ['POST', 'GET', 'PUT', 'PATCH', 'DELETE', 'CONNECT', 'HEAD', 'OPTIONS', 'TRACE'],
        allowedHeaders: [
          'Accept',
          'Content-Type',
          'Content-Length',
          'Accept-Language',
          'Content-Language',
          'Authorization',
        ],
        exposedHeaders: [
          'Cache-Control',
          'Expires',
          'Last-Modified',
          'Pragma',
          'Content-Length',
          'Content-Language',
          'Content-Type',
        ],
        allowCredentials: true,
        maxAge: 0,
      },
      transport: { tls: 'platform', hsts: 'max-age=31536000' },
      cookies: {
        sameSite: 'None',
        secure: true,
        domain: null,
        sessionName: '__Host-ory_hydra_session',
        stateName: '__Host-ory_hydra_session_state',
        loginCsrfName: '__Host-ory_hydra_login_csrf',
        consentCsrfName: '__Host-ory_hydra_consent_csrf',
        deviceCsrfName: '__Host-ory_hydra_device_csrf',
        sessionPath: '/',
      },
      identityProvider: null,
      registration: {
        enabled: false,
        requireToken: false,
        url: null,
        resources: [],
        hourlyLimit: 60,
        unusedTtl: 7_776_000,
        secretTtl: null,
        policy: { scope: null, audience: null, grantTypes: null, redirectHosts: null, redirectSchemes: null },
        maxTtl: { accessToken: 3600, idToken: 3600, refreshToken: 2_592_000 },
      },
      credentialsUrl: null,
      endpoints: { authorization: null, token: null, device: null, jwks: null, userinfo: null },
      subjects: { types: ['public'], salt: null },
      broadcastKeys: [],
      defaultClientScope: 'offline_access offline openid',
      supportedClaims: [],
      supportedScopes: [],
      signingAlgorithm: 'RS256',
      signingKeyRotation: 7_776_000,
      systemSecrets: [SECRET],
      admin: { auth: 'keys', keys: [], entrypoints: [] },
      demoPages: false,
      sessionManagement: true,
      docs: true,
      grantsBook: true,
      limitsOff: [],
      logRequests: 0.02,
      outboundPrivate: false,
    })
  })

  it('on a loopback http issuer: demo pages, development cookies', () => {
    const config = loadConfig(local)
    expect(config).toMatchObject({
      loopback: true,
      demoPages: true,
      urls: { login: 'http://localhost:4444/ui/login', consent: 'http://localhost:4444/ui/consent' },
      cookies: {
        sameSite: 'Lax',
        secure: false,
        sessionName: 'ory_hydra_session_dev',
        stateName: 'ory_hydra_session_dev_state',
        loginCsrfName: 'ory_hydra_login_csrf_dev',
        consentCsrfName: 'ory_hydra_consent_csrf_dev',
        deviceCsrfName: 'ory_hydra_device_csrf_dev',
      },
    })
    expect(config.urls.error).toBe('http://localhost:4444/oauth2/fallbacks/error')
  })

  it('on a loopback https issuer: cookies stay secure', () => {
    const { cookies } = loadConfig({ ...local, URLS_SELF_ISSUER: 'https://localhost:4444' })
    expect(cookies).toMatchObject({ secure: true, sameSite: 'None', sessionName: '__Host-ory_hydra_session' })
  })
})

describe('the table of settings', () => {
  it.each(allSettings)('$name has a preset that parses', (setting) => {
    expect(setting.parser.parse(setting.preset)).not.toBeUndefined()
  })

  it('names each setting once', () => {
    const names = allSettings.map((setting) => setting.name)
    expect(new Set(names).size).toBe(names.length)
    expect(names.every((name) => /^[A-Z][A-Z0-9_]+$/.test(name))).toBe(true)
  })
})

/** The notations in which Hydra reads a setting from the environment, by type; a deployment tool's JSON values too. */
const listed = (...items: readonly string[]): readonly unknown[] => [
  items.join(','),
  ` ${items.join(' , ')} ,`,
  JSON.stringify(items),
  JSON.stringify(items, null, 2),
  items.map((item) => `"${item}"`).join(','),
  items,
]
/** Quotes are a part of a secret. */
const secretList = (...items: readonly string[]): readonly unknown[] => listed(...items).toSpliced(4, 1)
const scopes = [...listed('x:read', 'y'), 'x:read y', ' x:read  y ']
const off = ['false', 'False', 'FALSE', 'f', 'F', '0', 'off', false, 0]
const on = ['true', 'True', 'TRUE', 't', 'T', '1', 'on', true, 1]
const time = ['90m', '1h30m', '5400s', '1h30m0s', ' 90m ']
const count = ['7', 7, ' 7']
const url = ['https://x.example/a', ' https://x.example/a\n']
const word = (text: string): readonly string[] => [text, ` ${text} `]
const choice = (text: string): readonly string[] => [...word(text), text.toUpperCase(), text.toLowerCase()]

const NOTATIONS: Readonly<Record<string, readonly unknown[]>> = {
  BRAND_NAME: word('Acme ID'),
  BRAND_LOGO: url,
  BRAND_ICON: word('data:image/png;base64,AAAA'),
  BRAND_COLOR: word('#123456'),
  BRAND_LINKS: ['{"support":"mailto:help@x.example"}', '{ "support": "mailto:help@x.example" }\n'],
  SCOPE_TEXTS: ['{"a":"A","b":{"de":"B"}}', '{ "a": "A", "b": { "de": "B" } }'],
  URLS_SELF_ISSUER: ['https://x.localhost', ' https://x.localhost '],
  SECRETS_SYSTEM: secretList(`${SECRET}-new`, SECRET),
  URLS_SELF_PUBLIC: ['https://x.localhost', ' https://x.localhost '],
  PUBLIC_HOSTS: [...listed('a.example', 'b.example:8443'), 'A.example,b.example:8443'],
  ADMIN_API_KEYS: listed('app@flows:0123456789abcdef', 'abcdefghijklmnop'),
  ADMIN_AUTH: choice('open'),
  ADMIN_ENTRYPOINT: on,
  URLS_LOGIN: url,
  URLS_REGISTRATION: url,
  URLS_CONSENT: url,
  URLS_LOGOUT: url,
  URLS_ERROR: url,
  URLS_POST_LOGOUT_REDIRECT: url,
  URLS_DEVICE_VERIFICATION: url,
  URLS_DEVICE_SUCCESS: url,
  URLS_IDENTITY_PROVIDER_URL: [...url, 'https://x.example/a/'],
  URLS_IDENTITY_PROVIDER_HEADERS: ['{"X-Key":"k"}', ' { "X-Key" : "k" }\n'],
  DEMO_PAGES: off,
  TTL_LOGIN_CONSENT_REQUEST: time,
  TTL_AUTHENTICATION_SESSION: time,
  TTL_AUTHENTICATION_SESSION_IDLE: time,
  TTL_AUTHENTICATION_SESSION_ABSOLUTE: time,
  TTL_REFRESH_TOKEN_FAMILY: time,
  TTL_ACCESS_TOKEN: time,
  TTL_REFRESH_TOKEN: ['-1', -1],
  TTL_ID_TOKEN: time,
  TTL_AUTH_CODE: time,
  TTL_DEVICE_USER_CODE: time,
  TTL_VC_NONCE: time,
  STRATEGIES_ACCESS_TOKEN: choice('jwt'),
  STRATEGIES_SCOPE: choice('exact'),
  STRATEGIES_JWT_SCOPE_CLAIM: choice('both'),
  STRATEGIES_JWT_TYP: choice('at+jwt'),
  OIDC_SESSION_MANAGEMENT: off,
  SIGNING_KEY_ROTATION: ['48h', '2880m'],
  SIGNING_ALGORITHM: choice('EdDSA'),
  OAUTH2_PKCE_ENFORCED: on,
  OAUTH2_PKCE_ENFORCED_FOR_PUBLIC_CLIENTS: off,
  OAUTH2_STATE_MIN_LENGTH: count,
  OAUTH2_CLIENT_CREDENTIALS_DEFAULT_GRANT_ALLOWED_SCOPE: on,
  OAUTH2_GRANT_REFRESH_TOKEN_ROTATION_GRACE_PERIOD: ['3m', '180s'],
  OAUTH2_GRANT_REFRESH_TOKEN_ROTATION_GRACE_REUSE_COUNT: count,
  OAUTH2_EXCLUDE_NOT_BEFORE_CLAIM: on,
  OAUTH2_ALLOWED_TOP_LEVEL_CLAIMS: listed('a', 'b'),
  OAUTH2_MIRROR_TOP_LEVEL_CLAIMS: off,
  OAUTH2_PRESERVE_EXT_CLAIMS: on,
  OIDC_CLAIMS_BY_SCOPE: on,
  OAUTH2_REVOKE_TOKENS_ON_LOGOUT: on,
  OAUTH2_TOKEN_HOOK: [...url, '{"url":"https://x.example/a"}'],
  OAUTH2_TOKEN_HOOK_CLAIMS: choice('replace'),
  OAUTH2_REFRESH_TOKEN_HOOK: [...url, '{"url":"https://x.example/a"}'],
  OIDC_SUBJECT_IDENTIFIERS_SUPPORTED_TYPES: listed('public', 'pairwise'),
  OIDC_SUBJECT_IDENTIFIERS_PAIRWISE_SALT: word('a-salt-of-the-operator'),
  OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: on,
  OIDC_DYNAMIC_CLIENT_REGISTRATION_RESOURCES: listed('https://a.example/', 'urn:b'),
  OIDC_DYNAMIC_CLIENT_REGISTRATION_ALLOWED_SCOPE: [...listed('openid', 'mcp.*'), 'openid mcp.*'],
  OIDC_DYNAMIC_CLIENT_REGISTRATION_ALLOWED_AUDIENCE: listed('https://a.example/', 'urn:b'),
  OIDC_DYNAMIC_CLIENT_REGISTRATION_ALLOWED_GRANT_TYPES: listed('authorization_code', 'refresh_token'),
  OIDC_DYNAMIC_CLIENT_REGISTRATION_ALLOWED_REDIRECT_HOSTS: [
    ...listed('a.example', '*.b.example'),
    'A.example,*.b.EXAMPLE',
  ],
  OIDC_DYNAMIC_CLIENT_REGISTRATION_ALLOWED_REDIRECT_SCHEMES: [
    ...listed('https', 'com.example.app'),
    'HTTPS,com.example.app',
  ],
  OIDC_DYNAMIC_CLIENT_REGISTRATION_REQUIRE_TOKEN: on,
  OIDC_DYNAMIC_CLIENT_REGISTRATION_HOURLY_LIMIT: count,
  OIDC_DYNAMIC_CLIENT_REGISTRATION_UNUSED_TTL: ['100h', '360000s', '100h0m0s', ' 100h '],
  OIDC_DYNAMIC_CLIENT_REGISTRATION_SECRET_TTL: time,
  OIDC_DYNAMIC_CLIENT_REGISTRATION_MAX_TTL_ACCESS_TOKEN: time,
  OIDC_DYNAMIC_CLIENT_REGISTRATION_MAX_TTL_ID_TOKEN: time,
  OIDC_DYNAMIC_CLIENT_REGISTRATION_MAX_TTL_REFRESH_TOKEN: time,
  OIDC_DYNAMIC_CLIENT_REGISTRATION_DEFAULT_SCOPE: scopes,
  OAUTH2_DEVICE_AUTHORIZATION_TOKEN_POLLING_INTERVAL: ['60s', '1m'],
  OAUTH2_DEVICE_AUTHORIZATION_USER_CODE_ENTROPY_PRESET: choice('low'),
  OAUTH2_DEVICE_AUTHORIZATION_USER_CODE_LENGTH: count,
  OAUTH2_DEVICE_AUTHORIZATION_USER_CODE_CHARACTER_SET: word('ABCDEFGHIJ'),
  OAUTH2_GRANT_JWT_JTI_OPTIONAL: on,
  OAUTH2_GRANT_JWT_IAT_OPTIONAL: on,
  OAUTH2_GRANT_JWT_MAX_TTL: time,
  OAUTH2_GRANT_JWT_OMIT_ASSERTION_AUDIENCE: off,
  WEBFINGER_OIDC_DISCOVERY_AUTH_URL: url,
  WEBFINGER_OIDC_DISCOVERY_TOKEN_URL: url,
  WEBFINGER_OIDC_DISCOVERY_DEVICE_AUTHORIZATION_URL: url,
  WEBFINGER_OIDC_DISCOVERY_JWKS_URL: url,
  WEBFINGER_OIDC_DISCOVERY_USERINFO_URL: url,
  WEBFINGER_OIDC_DISCOVERY_CLIENT_REGISTRATION_URL: url,
  WEBFINGER_OIDC_DISCOVERY_VERIFIABLE_CREDENTIALS_URL: url,
  WEBFINGER_OIDC_DISCOVERY_SUPPORTED_CLAIMS: listed('a', 'b'),
  WEBFINGER_OIDC_DISCOVERY_SUPPORTED_SCOPE: scopes,
  WEBFINGER_JWKS_BROADCAST_KEYS: listed('hydra.openid.id-token', 'b'),
  SERVE_COOKIES_SAME_SITE_MODE: choice('Strict'),
  SERVE_COOKIES_DOMAIN: word('x.localhost'),
  SERVE_COOKIES_NAMES_SESSION: word('a'),
  SERVE_TLS_TERMINATION: choice('proxy'),
  SERVE_HSTS: word('max-age=1; preload'),
  SERVE_COOKIES_NAMES_LOGIN_CSRF: word('a'),
  SERVE_COOKIES_NAMES_CONSENT_CSRF: word('a'),
  SERVE_COOKIES_NAMES_DEVICE_CSRF: word('a'),
  SERVE_COOKIES_PATHS_SESSION: word('/a'),
  SERVE_PUBLIC_CORS_ENABLED: on,
  SERVE_PUBLIC_CORS_ALLOWED_ORIGINS: [
    ...listed('https://xn--bcher-kva.example', 'https://*.a.example', 'http://localhost:*'),
    'https://Bücher.example:443/,https://*.A.example:443,http://localhost:*',
  ],
  SERVE_PUBLIC_CORS_ALLOWED_METHODS: listed('GET', 'POST'),
  SERVE_PUBLIC_CORS_ALLOWED_HEADERS: listed('a', 'b'),
  SERVE_PUBLIC_CORS_EXPOSED_HEADERS: listed('a', 'b'),
  SERVE_PUBLIC_CORS_ALLOW_CREDENTIALS: off,
  SERVE_PUBLIC_CORS_MAX_AGE: count,
  DOCS: off,
  GRANTS_BOOK: off,
  LOG_REQUESTS: ['2.5%', '0.025', ' 0.025 '],
  DEADLINE_CACHED: ['500ms', '0.5s', '500000us'],
  DEADLINE_STORAGE: ['10s', '10000ms'],
  DEADLINE_LEDGER: ['10s', '10000ms'],
  LEDGER_JURISDICTION: choice('eu'),
  LEDGER_JURISDICTIONS_BEFORE: listed('eu', 'us'),
  LEDGER_LOCATION: choice('weur'),
  OUTBOUND_ALLOW_PRIVATE: on,
  LIMITS_OFF: listed('device', 'secret'),
}

/** What some settings need beside them, so that they have an effect. */
const BESIDE: Readonly<Record<string, object>> = {
  OIDC_SUBJECT_IDENTIFIERS_SUPPORTED_TYPES: { OIDC_SUBJECT_IDENTIFIERS_PAIRWISE_SALT: 'a-salt-for-all' },
  OAUTH2_DEVICE_AUTHORIZATION_USER_CODE_LENGTH: {
    OAUTH2_DEVICE_AUTHORIZATION_USER_CODE_CHARACTER_SET: 'ABCDEFGH',
  },
  URLS_IDENTITY_PROVIDER_HEADERS: { URLS_IDENTITY_PROVIDER_URL: 'https://kratos.example' },
  OAUTH2_DEVICE_AUTHORIZATION_USER_CODE_CHARACTER_SET: { OAUTH2_DEVICE_AUTHORIZATION_USER_CODE_LENGTH: '8' },
}

describe('every setting means the same in each notation that Hydra reads', () => {
  it.each(allSettings)('$name', ({ name }) => {
    const base = { ...edge, URLS_SELF_ISSUER: 'https://localhost:4444', ...BESIDE[name] }
    const [first, ...others] = (NOTATIONS[name] ?? []).map((text) => loadConfig({ ...base, [name]: text }))
    expect(first).not.toEqual(loadConfig({ ...edge, URLS_SELF_ISSUER: base.URLS_SELF_ISSUER }))
    expect(others.length).toBeGreaterThan(0)
    for (const other of others) expect(other).toEqual(first)
  })

  it.each(['OAUTH2_TOKEN_HOOK', 'OAUTH2_REFRESH_TOKEN_HOOK'])('%s in parts', (name) => {
    const config = { in: 'header', name: 'X-Key', value: 'some key' }
    const whole = loadConfig({ ...edge, [name]: hookWith(config) })
    const auth = {
      [`${name}_AUTH_TYPE`]: 'api_key',
      [`${name}_AUTH_CONFIG_IN`]: config.in,
      [`${name}_AUTH_CONFIG_NAME`]: config.name,
      [`${name}_AUTH_CONFIG_VALUE`]: config.value,
    }
    for (const url of [`${name}_URL`, name])
      expect(loadConfig({ ...edge, ...auth, [url]: 'https://hooks.example' })).toEqual(whole)
    expect(loadConfig({ ...edge, [`${name}_URL`]: 'https://hooks.example' })).toEqual(
      loadConfig({ ...edge, [name]: 'https://hooks.example' }),
    )
    // A key that cannot be sent must not turn into a hook without one.
    expect(problemOf({ ...edge, ...auth, [`${name}_URL`]: '' })).toMatch(new RegExp(`^${name} must be`))
  })
})

describe('good values', () => {
  it.each([
    [
      { URLS_SELF_PUBLIC: 'https://login.example/' },
      { urls: { issuer: 'https://op.example', public: 'https://login.example' } },
    ],
    [
      { URLS_SELF_ISSUER: 'https://op.example/' },
      { urls: { issuer: 'https://op.example/', public: 'https://op.example' } },
    ],
    [
      { URLS_LOGIN: '/my/login?a=b' },
      { urls: { login: 'https://op.example/my/login?a=b', registration: 'https://op.example/my/login?a=b' } },
    ],
    [{ URLS_LOGIN: 'https://app.example/login' }, { urls: { login: 'https://app.example/login' } }],
    [
      { URLS_SELF_PUBLIC: 'https://op.example/auth' },
      { urls: { login: 'https://op.example/auth/oauth2/fallbacks/login' } },
    ],
    [{ URLS_REGISTRATION: '/signup' }, { urls: { registration: 'https://op.example/signup' } }],
    [{ TTL_REFRESH_TOKEN: '-1' }, { ttl: { refreshToken: null } }],
    [{ TTL_ACCESS_TOKEN: '1h30m' }, { ttl: { accessToken: 5400 } }],
    [{ OAUTH2_STATE_MIN_LENGTH: 8 }, { oauth2: { stateMinLength: 8 } }],
    [{ OAUTH2_PKCE_ENFORCED: true }, { oauth2: { pkceEnforced: true } }],
    [
      { OAUTH2_GRANT_REFRESH_TOKEN_ROTATION_GRACE_PERIOD: '0s' },
      { oauth2: { grace: { seconds: 0, uses: 0 } } },
    ],
    [
      {
        OAUTH2_GRANT_REFRESH_TOKEN_ROTATION_GRACE_PERIOD: '24h',
        OAUTH2_GRANT_REFRESH_TOKEN_ROTATION_GRACE_REUSE_COUNT: '3',
      },
      { oauth2: { grace: { seconds: 86_400, uses: 3 } } },
    ],
    [
      {
        URLS_IDENTITY_PROVIDER_URL: 'https://kratos.example/base/',
        URLS_IDENTITY_PROVIDER_HEADERS: '{"X-Key":"k 1"}',
      },
      { identityProvider: { url: 'https://kratos.example/base', headers: { 'X-Key': 'k 1' }, bound: false } },
    ],
    [
      {
        URLS_IDENTITY_PROVIDER_URL: 'http://kratos.internal:4434',
        IDENTITY_PROVIDER: {},
      },
      { identityProvider: { url: 'http://kratos.internal:4434', headers: {}, bound: true } },
    ],
    [
      { IDENTITY_PROVIDER: {} },
      { identityProvider: { url: 'http://identity-provider', headers: {}, bound: true } },
    ],
    [{ IDENTITY_PROVIDER: 'a variable' }, { identityProvider: null }],
    [
      { OAUTH2_TOKEN_HOOK: 'https://hooks.example/t?a=b' },
      { oauth2: { tokenHook: { url: 'https://hooks.example/t?a=b', auth: null } } },
    ],
    [
      { OAUTH2_REFRESH_TOKEN_HOOK: hookWith({ in: 'cookie', name: 'key', value: 'a b' }) },
      {
        oauth2: {
          refreshTokenHook: {
            url: 'https://hooks.example',
            auth: { in: 'cookie', name: 'key', value: 'a b' },
          },
        },
      },
    ],
    [{ OAUTH2_ALLOWED_TOP_LEVEL_CLAIMS: 'a, b,,c' }, { oauth2: { allowedTopLevelClaims: ['a', 'b', 'c'] } }],
    [
      { OAUTH2_ALLOWED_TOP_LEVEL_CLAIMS: '"a,""b""" , c' },
      { oauth2: { allowedTopLevelClaims: ['a,"b"', 'c'] } },
    ],
    [
      { OIDC_DYNAMIC_CLIENT_REGISTRATION_DEFAULT_SCOPE: 'openid,offline_access' },
      { defaultClientScope: 'openid offline_access' },
    ],
    [{ OAUTH2_ALLOWED_TOP_LEVEL_CLAIMS: '["a","b"]' }, { oauth2: { allowedTopLevelClaims: ['a', 'b'] } }],
    [{ WEBFINGER_OIDC_DISCOVERY_SUPPORTED_SCOPE: ['email'] }, { supportedScopes: ['email'] }],
    [{ SERVE_COOKIES_SAME_SITE_MODE: 'strict' }, { cookies: { sameSite: 'Strict' } }],
    [{ SERVE_COOKIES_DOMAIN: 'op.example' }, { cookies: { domain: 'op.example' } }],
    [{ SIGNING_ALGORITHM: 'EdDSA' }, { signingAlgorithm: 'EdDSA' }],
    [
      { PUBLIC_HOSTS: 'Login.example, alt.example:8443,x.example:443' },
      { hosts: new Set(['op.example', 'login.example', 'alt.example:8443', 'x.example']) },
    ],
    [{ SECRETS_SYSTEM: `${SECRET}-new,${SECRET}` }, { systemSecrets: [`${SECRET}-new`, SECRET] }],
    [{ SECRETS_SYSTEM: JSON.stringify([`${SECRET},`]) }, { systemSecrets: [`${SECRET},`] }],
    [{ DEMO_PAGES: 'true' }, { demoPages: true, urls: { login: 'https://op.example/ui/login' } }],
    [
      { ADMIN_ENTRYPOINT: 'on', GRANTS_BOOK: 'off', DOCS: 'off' },
      { admin: { entrypoints: ['all'] }, grantsBook: false, docs: false },
    ],
    [{ URLS_LOGIN: '', TTL_ID_TOKEN: undefined }, { ttl: { idToken: 3600 } }],
    [{ OAUTH2_HASHERS_ALGORITHM: 'bcrypt', DB: {} }, { demoPages: false }],
    [
      { OAUTH2_DEVICE_AUTHORIZATION_USER_CODE_ENTROPY_PRESET: 'low', TTL_DEVICE_USER_CODE: '15m' },
      {
        oauth2: { device: { userCode: { length: 9, characterSet: '0123456789' } } },
        ttl: { deviceUserCode: 900 },
      },
    ],
    [
      {
        OAUTH2_DEVICE_AUTHORIZATION_USER_CODE_LENGTH: '6',
        OAUTH2_DEVICE_AUTHORIZATION_USER_CODE_CHARACTER_SET: 'ABCDEFGH',
      },
      { oauth2: { device: { userCode: { length: 6, characterSet: 'ABCDEFGH' } } } },
    ],
    [
      { URLS_DEVICE_VERIFICATION: '/tv', URLS_DEVICE_SUCCESS: 'https://app.example/done' },
      {
        urls: { deviceVerification: 'https://op.example/tv', deviceSuccess: 'https://app.example/done' },
      },
    ],
  ])('%j', (env, expected) => {
    expect(loadConfig({ ...edge, ...env })).toMatchObject(expected)
  })

  it('ADMIN_AUTH=open is taken on a loopback issuer', () => {
    expect(loadConfig({ ...local, ADMIN_AUTH: 'open' }).admin.auth).toBe('open')
  })
})

describe('where ledgers are', () => {
  it.each(LOCATIONS)('may be near %s', (location) => {
    expect(loadConfig({ ...edge, LEDGER_LOCATION: location }).residency.location).toBe(location)
  })

  it('are the jurisdictions of today and before, each once', () => {
    const given = { LEDGER_JURISDICTION: 'eu', LEDGER_JURISDICTIONS_BEFORE: 'none, eu, us, none' }
    expect(loadConfig({ ...edge, ...given }).residency.jurisdictions).toEqual(['eu', 'none', 'us'])
  })
})
