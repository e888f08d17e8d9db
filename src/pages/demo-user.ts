import { constantTimeEqual } from '../util/digest.ts'
import type { JsonObject } from '../util/json.ts'

/** The one user that the built-in login page knows. */
export const DEMO_USER = { subject: 'demo', username: 'demo', password: 'demo' } as const

/** Whether these are the demo user's name and password. */
export function isDemoUser(username: string, password: string): boolean {
  const known = constantTimeEqual(username, DEMO_USER.username)
  return constantTimeEqual(password, DEMO_USER.password) && known
}

/** The claims that the granted scopes release (OIDC Core section 5.4); none for anyone but the demo user. */
export function demoClaims(subject: string, scopes: readonly string[]): JsonObject {
  if (subject !== DEMO_USER.subject) return {}
  return {
    ...(scopes.includes('profile') && { name: 'Demo User', preferred_username: DEMO_USER.username }),
    ...(scopes.includes('email') && { email: 'demo@example.com', email_verified: true }),
  }
}
