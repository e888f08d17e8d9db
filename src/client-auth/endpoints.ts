import { clientSecretBasic } from './client-secret-basic.ts'
import type { ClientAuthMethod } from './method.ts'
import { METHODS } from './registry.ts'

/** The endpoints at which clients authenticate, and the methods that each accepts. */
const METHODS_BY_ENDPOINT = {
  token: () => METHODS,
  revocation: () => METHODS,
  device_authorization: () => METHODS,
  // As Hydra 1.0 documents it; admins use this endpoint too, with API keys.
  introspection: () => [clientSecretBasic],
} as const satisfies Record<string, () => readonly ClientAuthMethod[]>

/** An endpoint at which clients authenticate. */
export type AuthenticatedEndpoint = keyof typeof METHODS_BY_ENDPOINT

/** Names of the methods that an endpoint accepts, as discovery lists them (RFC 8414 section 2). */
export const methodsAt = (endpoint: AuthenticatedEndpoint): readonly string[] =>
  METHODS_BY_ENDPOINT[endpoint]().map(({ method }) => method)
