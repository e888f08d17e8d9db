import { rfc3339 } from '../../src/util/rfc3339.ts'
import type { TestKey } from './assertions.ts'
import type { Reachable } from './browser.ts'

export const TRUST_PATH = '/admin/trust/grants/jwt-bearer/issuers'

/** A body that trusts an issuer's key for the subject `alice`, for an hour; `undefined` values leave a field out. */
export const trustBody = (
  key: TestKey,
  issuer: string,
  changes: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> => ({
  issuer,
  subject: 'alice',
  scope: ['api.read', 'openid'],
  jwk: key.publicJwk,
  expires_at: rfc3339(Math.floor(Date.now() / 1000) + 3600),
  ...changes,
})

/** Trusts an issuer through the admin API. */
export const trust = (
  deployment: Reachable,
  key: TestKey,
  issuer: string,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<Response> => deployment.admin('POST', TRUST_PATH, trustBody(key, issuer, changes))
