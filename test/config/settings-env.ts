import { loadConfig } from '../../src/config/load.ts'
import { OAuthError } from '../../src/errors/oauth-error.ts'

export const SECRET = 'a-system-secret-of-at-least-32-chars'
export const edge = { URLS_SELF_ISSUER: 'https://op.example', SECRETS_SYSTEM: SECRET }
export const local = { URLS_SELF_ISSUER: 'http://localhost:4444', SECRETS_SYSTEM: SECRET }

/** What the operator is told about an environment that cannot be used; empty if it can. */
export function problemOf(env: Readonly<Record<string, unknown>>): string {
  try {
    loadConfig(env)
  } catch (thrown) {
    if (thrown instanceof OAuthError && thrown.code === 'misconfiguration') return thrown.hint
    throw thrown
  }
  return ''
}

/** A token hook with an API key. */
export const hookWith = (config: object): string =>
  JSON.stringify({ url: 'https://hooks.example', auth: { type: 'api_key', config } })
