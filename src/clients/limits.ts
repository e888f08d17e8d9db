import type { Config } from '../config/types.ts'
import { invalidRequest, OAuthError } from '../errors/oauth-error.ts'
import type { ClientRecord } from '../store/types.ts'
import { audienceRule, scopeRule } from '../util/scope.ts'

/** Longest part of a refused value that is told, in characters. */
export const MAX_QUOTED = 100

/** The refusal of a requested scope that the client may not have, if there is one (RFC 6749 section 3.3, contract 3.8). */
export function refusedScope(
  config: Config,
  { metadata }: ClientRecord,
  requested: readonly string[],
): OAuthError | undefined {
  const mayHave = scopeRule(config.strategies.scope, metadata.scope.split(' '))
  const scope = requested.find((value) => !mayHave(value))
  if (scope === undefined) return undefined
  return new OAuthError('invalid_scope', `The client may not request scope '${scope.slice(0, MAX_QUOTED)}'.`)
}

/** The refusal of a requested audience that the client may not have, if there is one (contract 3.8). */
export function refusedAudience(
  { metadata }: ClientRecord,
  requested: readonly string[],
): OAuthError | undefined {
  const mayName = audienceRule(metadata.audience)
  const audience = requested.find((value) => !mayName(value))
  if (audience === undefined) return undefined
  return invalidRequest(`The client may not request audience '${audience.slice(0, MAX_QUOTED)}'.`)
}
