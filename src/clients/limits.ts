import type { Config } from '../config/types.ts'
import { invalidRequest, OAuthError } from '../errors/oauth-error.ts'
import type { ClientMetadata, ClientRecord } from '../store/types.ts'
import { SameParts } from '../util/same-parts.ts'
import { audienceRule, scopeRule } from '../util/scope.ts'

const rules = new SameParts<ClientMetadata, ReturnType<typeof scopeRule>>()

/** A test for the scopes that a client is registered for (contract 3.8). */
export function registeredScopes({ strategies }: Config, { metadata }: ClientRecord) {
  const { scope } = metadata
  return rules.of(metadata, [strategies.scope, scope], () => scopeRule(strategies.scope, scope.split(' ')))
}

/**
 * The error for the first requested scope that the client may not have; `undefined` if it may have all (RFC 6749
 * section 3.3, contract 3.8).
 */
export function refusedScope(
  config: Config,
  client: ClientRecord,
  requested: readonly string[],
): OAuthError | undefined {
  if (requested.length === 0) return undefined
  const mayHave = registeredScopes(config, client)
  const scope = requested.find((value) => !mayHave(value))
  if (scope === undefined) return undefined
  return new OAuthError('invalid_scope', 'scope_not_allowed', { scope })
}

/**
 * The error for the first requested audience that the client may not have; `undefined` if it may have all (contract
 * 3.8).
 */
export function refusedAudience(
  { metadata }: ClientRecord,
  requested: readonly string[],
): OAuthError | undefined {
  if (requested.length === 0) return undefined
  const mayName = audienceRule(metadata.audience)
  const audience = requested.find((value) => !mayName(value))
  if (audience === undefined) return undefined
  return invalidRequest('audience_not_allowed', { audience })
}
