import type { ClientAuthMethod } from './method.ts'
import { none } from './none.ts'
import { METHODS } from './registry.ts'

/** The endpoints at which clients authenticate, and the methods that each accepts. */
const METHODS_BY_ENDPOINT = {
  token: () => METHODS,
  revocation: () => METHODS,
  device_authorization: () => METHODS,
  // Whoever may ask what a token says must prove who they are (RFC 7662 section 2.1).
  introspection: () => METHODS.filter((method) => method !== none),
} as const satisfies Record<string, () => readonly ClientAuthMethod[]>

/** An endpoint at which clients authenticate. */
export type AuthenticatedEndpoint = keyof typeof METHODS_BY_ENDPOINT

/** Names of the methods that an endpoint accepts, as discovery lists them (RFC 8414 section 2). */
export const methodsAt = (endpoint: AuthenticatedEndpoint): readonly string[] =>
  METHODS_BY_ENDPOINT[endpoint]().map(({ method }) => method)
