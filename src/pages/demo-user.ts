import { SCOPE_OF } from '../tokens/scope-claims.ts'
import { type JsonObject, pick } from '../util/json.ts'

/**
 * The only user that the built-in login page knows. It is subject, user name and password in one, and everybody knows
 * it.
 */
export const DEMO_USER = 'demo'

/** Whether these are the demo user's name and password. */
export const isDemoUser = (username: string, password: string | undefined): boolean =>
  username === DEMO_USER && password === DEMO_USER

const EMAIL = 'demo@example.com'
const PHONE = '+49 30 901820'

/** Every standard claim (OIDC Core section 5.1). */
const CLAIMS: JsonObject = {
  name: 'Demo User',
  given_name: 'Demo',
  middle_name: 'D.',
  family_name: 'User',
  nickname: DEMO_USER,
  preferred_username: DEMO_USER,
  profile: 'https://example.com/demo',
  picture: 'https://example.com/demo.png',
  website: 'https://example.com/',
  gender: 'other',
  birthdate: '2000-01-31',
  zoneinfo: 'Europe/Berlin',
  locale: 'en-GB',
  updated_at: 1_767_225_600,
  email: EMAIL,
  email_verified: true,
  address: { street_address: '1 Demo Street', locality: 'Berlin', postal_code: '10115', country: 'DE' },
  phone_number: PHONE,
  phone_number_verified: true,
}

/** What some scopes release of the demo user, in a line. */
const LINES: ReadonlyMap<string, string> = new Map([
  ['email', EMAIL],
  ['phone', PHONE],
  ['address', '1 Demo Street, 10115 Berlin'],
])

/** What a scope releases of a user, in a line for that user; `undefined` if that is not known, or no line. */
export const demoLine = (subject: string, scope: string): string | undefined =>
  subject === DEMO_USER ? LINES.get(scope) : undefined

/**
 * The demo user's claims that the granted scopes release or that are requested by name (OIDC Core sections 5.4 and
 * 5.5); none for another user.
 */
export function demoClaims(subject: string, scopes: readonly string[], asked: readonly string[]): JsonObject {
  if (subject !== DEMO_USER) return {}
  return pick(CLAIMS, (name) => scopes.includes(SCOPE_OF.get(name) ?? '') || asked.includes(name))
}
