import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { edge, hookWith, problemOf, SECRET } from './settings-env.ts'

describe('bad values are refused by name and never repeated', () => {
  it.each([
    ['LOG_REQUESTS', 'leak', /all, errors, or a share/],
    ['LOG_REQUESTS', '1.51234', /all, errors, or a share/],
    ['LOG_REQUESTS', '101.234%', /all, errors, or a share/],
    ['URLS_SELF_ISSUER', 'http://op.example', /https URL/],
    ['URLS_SELF_ISSUER', 'https://op.example/?leak', /without user name, query/],
    ['URLS_SELF_ISSUER', 'https://op.example/#leak', /fragment/],
    ['URLS_SELF_ISSUER', 'https://leak:leak@op.example', /without user name/],
    ['URLS_SELF_ISSUER', 'op.example.leak', /https URL/],
    ['URLS_SELF_PUBLIC', 'http://leak.example', /https URL/],
    ['URLS_SELF_ISSUER', 'https://op.example/oauth2', /must not have a path that begins like/],
    ['URLS_SELF_PUBLIC', 'https://op.example/admin/leak/', /must not have a path that begins like/],
    ['URLS_LOGIN', 'javascript:leak()', /http or https URL/],
    ['URLS_LOGIN', '//leak.example', /one slash/],
    ['URLS_ERROR', 'leak', /one slash/],
    ['SECRETS_SYSTEM', 'leak-of-a-short-secret', /at least 32 characters/],
    ['SECRETS_SYSTEM', `${SECRET},leak`, /at least 32 characters/],
    ['SECRETS_SYSTEM', ' , ', /is missing/],
    ['SIGNING_KEY_ROTATION', '23h', /at least 24h, or off/],
    ['OAUTH2_TOKEN_HOOK', 'leak', /http or https URL, or JSON/],
    ['OAUTH2_TOKEN_HOOK', '{"url":"https://leak.example"', /http or https URL, or JSON/],
    ['OAUTH2_TOKEN_HOOK', hookWith({ in: 'query', name: 'leak', value: 'leak' }), /"in":"header"/],
    ['OAUTH2_TOKEN_HOOK', hookWith({ in: 'header', name: 'le ak', value: 'leak' }), /"in":"header"/],
    ['OAUTH2_TOKEN_HOOK', hookWith({ in: 'header', name: 'leak', value: 'leak\r\n' }), /"in":"header"/],
    ['OAUTH2_TOKEN_HOOK', 'http://leak.example', /https, on port 443/],
    ['OAUTH2_REFRESH_TOKEN_HOOK', 'https://10.0.0.1/leak', /public host/],
    ['OAUTH2_REFRESH_TOKEN_HOOK', 'https://op.example/leak', /not this server/],
    ['URLS_IDENTITY_PROVIDER_URL', 'leak', /http or https URL/],
    ['URLS_IDENTITY_PROVIDER_URL', 'https://leak.example/?a', /without user name, query or fragment/],
    ['URLS_IDENTITY_PROVIDER_URL', 'http://leak.example', /https, on port 443/],
    ['URLS_IDENTITY_PROVIDER_URL', 'https://leak.internal', /public host/],
    ['URLS_IDENTITY_PROVIDER_HEADERS', 'Authorization: leak', /JSON object of headers/],
    ['URLS_IDENTITY_PROVIDER_HEADERS', '["leak"]', /JSON object of headers/],
    ['URLS_IDENTITY_PROVIDER_HEADERS', '{"a":{"b":"leak"}}', /JSON object of headers/],
    ['URLS_IDENTITY_PROVIDER_HEADERS', '{"a b":"leak"}', /JSON object of headers/],
    ['URLS_IDENTITY_PROVIDER_HEADERS', '{"a":"leak\\nb: c"}', /JSON object of headers/],
    ['TTL_ACCESS_TOKEN', '1 leak', /a duration/],
    ['TTL_ACCESS_TOKEN', '-1', /at least 1s/],
    ['TTL_ACCESS_TOKEN', '1500ms', /whole seconds/],
    ['TTL_REFRESH_TOKEN', '0s', /-1 for unlimited/],
    ['TTL_AUTHENTICATION_SESSION', '4321h', /at most 4320h/],
    ['OAUTH2_GRANT_REFRESH_TOKEN_ROTATION_GRACE_PERIOD', '301s', /at most 5m/],
    ['OAUTH2_GRANT_REFRESH_TOKEN_ROTATION_GRACE_REUSE_COUNT', '-1', /whole number/],
    ['STRATEGIES_ACCESS_TOKEN', 'leak', /one of opaque, jwt/],
    ['STRATEGIES_SCOPE', 'leak', /one of wildcard, exact/],
    ['OIDC_DYNAMIC_CLIENT_REGISTRATION_RESOURCES', 'https://leak.example/a/../b', /dot segment/],
    ['OIDC_DYNAMIC_CLIENT_REGISTRATION_RESOURCES', 'https://leak.example/?x', /query/],
    ['OIDC_DYNAMIC_CLIENT_REGISTRATION_ALLOWED_REDIRECT_HOSTS', 'leak.example:8443', /without port/],
    ['OIDC_DYNAMIC_CLIENT_REGISTRATION_ALLOWED_REDIRECT_HOSTS', 'https://leak.example', /host names/],
    ['OIDC_DYNAMIC_CLIENT_REGISTRATION_ALLOWED_REDIRECT_HOSTS', 'a.*.leak', /host names/],
    ['OIDC_DYNAMIC_CLIENT_REGISTRATION_ALLOWED_REDIRECT_SCHEMES', 'leak://', /URI schemes/],
    ['OIDC_DYNAMIC_CLIENT_REGISTRATION_ALLOWED_SCOPE', '"leak', /scope tokens/],
    ['OAUTH2_PKCE_ENFORCED', 'constructor', /true or false/],
    ['OAUTH2_STATE_MIN_LENGTH', '8.5', /whole number/],
    ['OAUTH2_ALLOWED_TOP_LEVEL_CLAIMS', '["leak"', /JSON array/],
    ['OAUTH2_ALLOWED_TOP_LEVEL_CLAIMS', '[1]', /JSON array/],
    ['OAUTH2_ALLOWED_TOP_LEVEL_CLAIMS', 'a,"leak', /JSON array/],
    ['OAUTH2_ALLOWED_TOP_LEVEL_CLAIMS', '"leak"b', /JSON array/],
    ['OIDC_DYNAMIC_CLIENT_REGISTRATION_DEFAULT_SCOPE', '[]', /scope tokens/],
    ['SERVE_PUBLIC_CORS_ALLOWED_ORIGINS', 'https://leak.example/path', /origins such as/],
    ['SERVE_PUBLIC_CORS_ALLOWED_ORIGINS', 'https://leak.example:x', /origins such as/],
    ['SERVE_COOKIES_NAMES_SESSION', 'leak;x', /a name of letters/],
    ['SERVE_COOKIES_NAMES_SESSION', '__Host-leak', /does not start with __/],
    ['SERVE_COOKIES_PATHS_SESSION', 'leak', /starts with a slash/],
    ['SERVE_COOKIES_DOMAIN', 'leak; Path=/', /a domain name/],
    ['ADMIN_API_KEYS', 'leak', /at least 16 characters/],
    ['ADMIN_API_KEYS', 'leak:0123456789abcdef', /introspect, flows/],
    ['ADMIN_API_KEYS', 'le ak@all:0123456789abcdef', /\[name@\]/],
    ['ADMIN_API_KEYS', '@all:0123456789abcdef', /\[name@\]/],
    ['ADMIN_API_KEYS', `${'leak'.repeat(17)}@all:0123456789abcdef`, /\[name@\]/],
    ['SERVE_HSTS', 'max-age=leak', /max-age=SECONDS/],
    ['SERVE_HSTS', 'max-age=1\r\nleak: 1', /max-age=SECONDS/],
    ['SERVE_TLS_TERMINATION', 'leak', /one of platform, proxy/],
    ['ADMIN_AUTH', 'open', /loopback/],
    ['ADMIN_AUTH', 'leak', /one of keys, open/],
    ['PUBLIC_HOSTS', 'https://leak.example', /host names/],
    ['SIGNING_ALGORITHM', 'HS256', /one of RS256/],
    ['DOCS', 'leak', /true or false/],
    ['GRANTS_BOOK', { leak: true }, /true or false/],
    ['OAUTH2_DEVICE_AUTHORIZATION_USER_CODE_ENTROPY_PRESET', 'leak', /one of high, medium, low/],
    ['OAUTH2_DEVICE_AUTHORIZATION_USER_CODE_LENGTH', '5', /from 6 to 64/],
    ['OAUTH2_DEVICE_AUTHORIZATION_USER_CODE_CHARACTER_SET', 'leak', /8 different/],
    ['OAUTH2_DEVICE_AUTHORIZATION_USER_CODE_CHARACTER_SET', 'leakleak', /8 different/],
    ['OAUTH2_DEVICE_AUTHORIZATION_TOKEN_POLLING_INTERVAL', '0s', /at least 1s/],
    ['DEADLINE_CACHED', '99ms', /from 100ms to 25s/],
    ['DEADLINE_STORAGE', '26s', /from 100ms to 25s/],
    ['DEADLINE_LEDGER', 'soon', /from 100ms to 25s/],
    ['LEDGER_JURISDICTION', 'leak', /one of none, eu, us, fedramp/],
    ['LEDGER_JURISDICTIONS_BEFORE', 'none,leak', /list or a JSON array of none, eu, us, fedramp/],
    ['LEDGER_LOCATION', 'leak', /one of auto, wnam/],
    ['BRAND_NAME', 'leak'.repeat(16), /at most 60 visible characters/],
    ['BRAND_NAME', 'leak\u200b', /visible characters/],
    ['BRAND_LOGO', 'http://leak.example/logo.png', /an https URL, or a data URL/],
    ['BRAND_LOGO', 'data:text/html,leak', /an https URL, or a data URL/],
    ['BRAND_LOGO', 'javascript:leak()', /an https URL, or a data URL/],
    ['BRAND_ICON', '/leak.ico', /an https URL, or a data URL/],
    ['BRAND_COLOR', 'leak', /a color such as #2f5bd7/],
    ['BRAND_COLOR', '#fff', /a color such as #2f5bd7/],
    ['BRAND_LINKS', '{"support":"javascript:leak()"}', /JSON object of https or mailto URLs/],
    ['BRAND_LINKS', '{"leak":"https://op.example"}', /JSON object of https or mailto URLs/],
    ['BRAND_LINKS', '["leak"]', /JSON object of https or mailto URLs/],
    ['SCOPE_TEXTS', '{"le ak":"x"}', /JSON object of texts by scope/],
    ['SCOPE_TEXTS', '{"leak":1}', /JSON object of texts by scope/],
    ['SCOPE_TEXTS', '{"leak":{"no language":"x"}}', /JSON object of texts by scope/],
    ['SCOPE_TEXTS', '{"leak":{}}', /JSON object of texts by scope/],
    ['SCOPE_TEXTS', '{"leak":" "}', /JSON object of texts by scope/],
  ])('%s = %j', (name, value, expected) => {
    const hint = problemOf({ ...edge, [name]: value })
    expect(hint.startsWith(`${name} `)).toBe(true)
    expect(hint).toMatch(expected)
    expect(hint).not.toContain('leak')
    expect(hint.split(/\bDOCS\b|[A-Z][A-Z0-9]+_[A-Z0-9_]+/)).toHaveLength(2)
  })

  it('all problems are named at once', () => {
    const hint = problemOf({ TTL_ID_TOKEN: 'soon', ADMIN_AUTH: 'open', GRANTS_BOOK: 'maybe' })
    for (const name of ['URLS_SELF_ISSUER', 'SECRETS_SYSTEM', 'TTL_ID_TOKEN', 'ADMIN_AUTH', 'GRANTS_BOOK']) {
      expect(hint).toContain(name)
    }
  })

  it.each([
    ['OAUTH2_DEVICE_AUTHORIZATION_USER_CODE_LENGTH', '8', 'CHARACTER_SET'],
    ['OAUTH2_DEVICE_AUTHORIZATION_USER_CODE_CHARACTER_SET', 'ABCDEFGH', 'LENGTH'],
  ])('%s alone misses its other half', (name, value, missing) => {
    expect(problemOf({ ...edge, [name]: value })).toMatch(
      new RegExp(`^OAUTH2_DEVICE_AUTHORIZATION_USER_CODE_${missing} is missing`),
    )
  })

  it.each([
    ['eu', 'enam'],
    ['us', 'weur'],
    ['fedramp', 'apac'],
  ])('a region outside the jurisdiction %s is none for its ledgers: %s', (jurisdiction, location) => {
    const hint = problemOf({ ...edge, LEDGER_JURISDICTION: jurisdiction, LEDGER_LOCATION: location })
    expect(hint).toMatch(new RegExp(`^LEDGER_LOCATION must be a region in the jurisdiction ${jurisdiction}`))
  })

  it('missing admin keys stop nothing else', () => {
    expect(loadConfig(edge).admin.keys).toEqual([])
  })
})
