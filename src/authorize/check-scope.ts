import { OAuthError } from '../errors/oauth-error.ts'
import { audienceAllowed, scopeAllowed } from '../util/scope.ts'
import type { FlowCheck } from './request.ts'

/** Every requested scope must be within the client's (RFC 6749 section 3.3, contract 3.8). */
export const checkScope: FlowCheck = ({ config, client, scope }) => {
  const registered = client.metadata.scope.split(' ')
  for (const requested of scope) {
    if (scopeAllowed(config.strategies.scope, registered, requested)) continue
    throw new OAuthError('invalid_scope', `The client may not request scope '${requested.slice(0, 100)}'.`)
  }
}

/** Every requested audience must be within the client's (contract 3.8). */
export const checkAudience: FlowCheck = ({ client, audience }) => {
  for (const requested of audience) {
    if (audienceAllowed(client.metadata.audience, requested)) continue
    throw new OAuthError(
      'invalid_request',
      `The client may not request audience '${requested.slice(0, 100)}'.`,
    )
  }
}
