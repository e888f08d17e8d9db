import { clientSecretBasic } from './client-secret-basic.ts'
import type { ClientAuthMethod } from './method.ts'
import { METHODS } from './registry.ts'

/** The endpoints at which clients authenticate, and the methods that each takes. */
const TAKEN = {
  token: () => METHODS,
  revocation: () => METHODS,
  device_authorization: () => METHODS,
  // As Hydra 1.0 documents it; admins ask there too, with keys of their own.
  introspection: () => [clientSecretBasic],
} as const satisfies Record<string, () => readonly ClientAuthMethod[]>

/** An endpoint at which clients authenticate. */
export type AuthenticatedEndpoint = keyof typeof TAKEN

/** Names of the methods that an endpoint takes, as discovery lists them (RFC 8414 section 2). */
export const methodsAt = (endpoint: AuthenticatedEndpoint): readonly string[] =>
  TAKEN[endpoint]().map(({ method }) => method)
