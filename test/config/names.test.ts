import { describe, expect, it, vi } from 'vitest'
import { misspeltNames } from '../../src/config/names.ts'
import { OAuthError } from '../../src/errors/oauth-error.ts'
import { runtimeOf } from '../../src/runtime.ts'
import { testEnv } from '../support/bindings.ts'
import { allSettings } from '../support/settings.ts'

const SECRET = 'a-system-secret-of-at-least-32-chars'

/** Hydra's settings without a meaning here, and names of others. */
const FOREIGN =
  `DSN DEV VERSION PROFILING DB COPIES LEDGER HOME PATH DB_IGNORE_UNKNOWN_TABLE_COLUMNS LOG_LEVEL LOG_FORMAT
LOG_LEAK_SENSITIVE_VALUES LOG_REDACTION_TEXT SERVE_PUBLIC_PORT SERVE_PUBLIC_HOST SERVE_PUBLIC_BASE_URL
SERVE_PUBLIC_SOCKET_OWNER SERVE_PUBLIC_SOCKET_GROUP SERVE_PUBLIC_SOCKET_MODE SERVE_PUBLIC_REQUEST_LOG_DISABLE_FOR_HEALTH
SERVE_PUBLIC_CORS_OPTIONS_PASSTHROUGH SERVE_PUBLIC_CORS_DEBUG SERVE_ADMIN_PORT SERVE_ADMIN_HOST SERVE_ADMIN_CORS_ENABLED
SERVE_ADMIN_CORS_ALLOWED_ORIGINS SERVE_ADMIN_CORS_ALLOWED_METHODS SERVE_ADMIN_CORS_ALLOWED_HEADERS SERVE_TLS_ENABLED
SERVE_ADMIN_CORS_EXPOSED_HEADERS SERVE_ADMIN_CORS_ALLOW_CREDENTIALS SERVE_ADMIN_CORS_MAX_AGE SERVE_TLS_CERT_PATH
SERVE_TLS_KEY_PATH SERVE_TLS_ALLOW_TERMINATION_FROM SERVE_COOKIES_SAME_SITE_LEGACY_WORKAROUND SERVE_COOKIES_SECURE
CLIENTS_HTTP_DISALLOW_PRIVATE_IP_RANGES CLIENTS_HTTP_PRIVATE_IP_EXCEPTION_URLS HSM_ENABLED HSM_LIBRARY HSM_PIN HSM_SLOT
HSM_TOKEN_LABEL HSM_KEY_SET_PREFIX OIDC_SUBJECT_IDENTIFIERS URLS_SELF_ADMIN URLS_IDENTITY_PROVIDER_URL
URLS_IDENTITY_PROVIDER_PUBLICURL URLS_IDENTITY_PROVIDER_HEADERS OAUTH2_EXPOSE_INTERNAL_ERRORS
OAUTH2_SESSION_ENCRYPT_AT_REST OAUTH2_HASHERS_ALGORITHM OAUTH2_HASHERS_BCRYPT_COST OAUTH2_HASHERS_PBKDF2_ITERATIONS
OAUTH2_INCLUDE_LEGACY_ERROR_FIELDS SECRETS_COOKIE SECRETS_PAGINATION TRACING_PROVIDER TRACING_SERVICE_NAME SQA_OPT_OUT
CGROUPS_V1_AUTO_MAX_PROCS_ENABLED FEATURE_FLAGS_LEGACY_ALLOW_INSECURE_ORIGINS OAUTH2_TOKEN_HOOK_AUTH_TYPE
OAUTH2_ISSUER_URL OAUTH2_CONSENT_URL OAUTH2_LOGIN_URL CONSENT_URL LOGIN_URL`.split(/\s+/)

describe('a misspelt name', () => {
  it.each([
    ['TTL_ACCES_TOKEN', 'TTL_ACCESS_TOKEN'],
    ['URL_SELF_ISSUER', 'URLS_SELF_ISSUER'],
    ['SECRET_SYSTEM', 'SECRETS_SYSTEM'],
    ['urls_login', 'URLS_LOGIN'],
    ['OAUTH2_PKCE_ENFORCED_FOR_PUBLIC_CLIENT', 'OAUTH2_PKCE_ENFORCED_FOR_PUBLIC_CLIENTS'],
    ['OAUTH2_TOKEN_HOOKS', 'OAUTH2_TOKEN_HOOK'],
    ['OAUTH2_TOKEN_HOOK_AUTH_CONFIG_VAULE', 'OAUTH2_TOKEN_HOOK_AUTH_CONFIG_VALUE'],
  ])('%s is told from the setting %s', (name, meant) => {
    expect(misspeltNames([name])).toEqual([`${name} is no setting; is ${meant} meant?`])
  })

  it("is neither a setting, nor Hydra's name for something else, nor a longer word", () => {
    const settingNames = allSettings.map(({ name }) => name)
    expect(misspeltNames([...settingNames, ...FOREIGN, 'TTL'.repeat(100)])).toEqual([])
  })

  it('is logged once, without its value, even if a setting is missing by it', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
    const env = { ...testEnv(), SECRETS_SYSTEM: undefined, SECRET_SYSTEM: SECRET }
    for (let times = 0; times < 2; times += 1) expect(() => runtimeOf(env)).toThrow(OAuthError)
    const lines = log.mock.calls.map(([line]) => line)
    log.mockRestore()
    expect(lines).toEqual([
      '{"kind":"settings.misspelt","names":["SECRET_SYSTEM is no setting; is SECRETS_SYSTEM meant?"]}',
    ])
  })
})
