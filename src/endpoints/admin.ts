import { flush, flushBody } from '../admin/flush.ts'
import { type AdminGuard, requireScope } from '../admin/guard.ts'
import { introspect } from '../admin/introspect.ts'
import type { AdminScope } from '../config/types.ts'
import type { Endpoint, EndpointGroup } from '../http/endpoint.ts'
import { adminEndpoint as endpoint } from './admin-endpoint.ts'
import { flowEndpoints, sessionEndpoints, subjectEndpoints } from './admin-flows.ts'
import { operatorEndpoints } from './admin-operator.ts'
import {
  clientEndpoints,
  keyEndpoints,
  registrationTokenEndpoints,
  trustEndpoints,
} from './admin-resources.ts'
import { clientAuthentication, done, gives, introspection, object, text } from './schemas.ts'

/**
 * Parts of the admin API, each with its scope, and the scope for what changes it if that is another. Unknown paths of a
 * part are guarded like known ones; introspection calls the guard itself.
 */
const PARTS: readonly (readonly [pattern: string, reads: AdminScope, writes?: AdminScope])[] = [
  ['/audit', 'audit'],
  ['/explain', 'explain'],
  ['/grants', 'all'],
  ['/clients/*', 'clients'],
  ['/copies', 'all'],
  ['/keys/*', 'keys', 'keys:write'],
  ['/oauth2/auth/*', 'flows'],
  ['/subjects/*', 'flows', 'all'],
  ['/oauth2/flush', 'flows'],
  ['/oauth2/tokens', 'clients'],
  ['/registration/*', 'clients'],
  ['/trust/*', 'keys', 'keys:write'],
  ['/version', 'introspect'],
  ['/status', 'introspect'],
  ['/metrics/*', 'introspect'],
]

/** Endpoints for tokens (contract 1.4.4). */
const otherEndpoints = (guard: AdminGuard): readonly Endpoint[] => [
  endpoint(
    'POST',
    '/oauth2/introspect',
    introspect(guard),
    () => ({
      summary: 'Introspect a token (RFC 7662)',
      body: object({ ...clientAuthentication, token: text, scope: text }, 'token'),
      answers: { 200: gives('What the token is good for.', introspection) },
    }),
    'form',
    {
      discovery: ({ urls }) => ({
        introspection_endpoint: `${urls.issuer.replace(/\/+$/, '')}/oauth2/introspect`,
      }),
    },
  ),
  endpoint(
    'POST',
    '/oauth2/flush',
    flush,
    () => ({
      summary: 'Flush inactive tokens, which end by themselves',
      body: flushBody,
      answers: { 204: done },
    }),
    'json',
  ),
]

/** The admin API (contract 1.2); each part is behind the guard of its surface. */
export const adminGroup = (guard: AdminGuard): EndpointGroup => ({
  before: PARTS.map(([pattern, ...scopes]) => [`/admin${pattern}`, requireScope(guard, ...scopes)] as const),
  endpoints: [
    ...clientEndpoints(guard),
    ...keyEndpoints(guard),
    ...flowEndpoints,
    ...sessionEndpoints,
    ...subjectEndpoints,
    ...trustEndpoints,
    ...registrationTokenEndpoints,
    ...otherEndpoints(guard),
    ...operatorEndpoints,
  ],
})
