import type { Config } from '../config/types.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import type { Parameters } from '../http/form.ts'
import type { ClientRecord } from '../store/types.ts'
import { audienceRule } from '../util/scope.ts'
import { refusedAudience } from './limits.ts'

/** An absolute URI without fragment (RFC 8707 section 2). */
const ABSOLUTE = /^[A-Za-z][A-Za-z0-9+.-]*:[^\s#]+$/

/** The resources that a request names, each once (RFC 8707 section 2). */
export const resourcesIn = (parameters: Parameters): readonly string[] => [
  ...new Set(parameters.list('resource')),
]

/** All that a request wants its token to be for: Hydra's `audience`, and the resources. */
export const audienceIn = (parameters: Parameters): readonly string[] => [
  ...new Set([...parameters.list('audience'), ...parameters.list('resource')]),
]

/** The refusal of an audience or resource that the client may not ask for, if there is one (contract 3.8, RFC 8707 section 2). */
export function refusedTarget(
  config: Config,
  client: ClientRecord,
  parameters: Parameters,
): OAuthError | undefined {
  const refused = refusedAudience(client, parameters.list('audience'))
  if (refused !== undefined) return refused
  const allowed = audienceRule(resourcesOf(config, client))
  const resource = resourcesIn(parameters).find((value) => !ABSOLUTE.test(value) || !allowed(value))
  return resource === undefined ? undefined : invalidTarget(resource)
}

/** The refusal of a resource. */
export const invalidTarget = (resource: string): OAuthError =>
  new OAuthError('invalid_target', 'resource_not_allowed', { resource })

/** A client that nobody but itself vouches for has the configured resources, whatever audience it gave itself. */
const resourcesOf = ({ registration }: Config, { bounds, metadata }: ClientRecord): readonly string[] =>
  bounds === null ? registration.resources : metadata.audience

/** What a client may have in the audience of its tokens, by either name. */
export const audienceOf = (config: Config, client: ClientRecord): readonly string[] => [
  ...client.metadata.audience,
  ...resourcesOf(config, client),
]

/**
 * The audience of a grant: as consented to. A consent app that knows nothing of resources names no audience at all; those
 * that were asked for count then, for a token without audience would be good anywhere.
 */
export const grantedAudience = (
  granted: readonly string[],
  resources: readonly string[],
): readonly string[] => (granted.length === 0 ? resources : granted)
