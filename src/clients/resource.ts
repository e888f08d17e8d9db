import type { Config } from '../config/types.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import type { Parameters } from '../http/form.ts'
import type { ClientRecord } from '../store/types.ts'
import { audienceRule } from '../util/scope.ts'
import { refusedAudience } from './limits.ts'

/** An absolute URI without fragment (RFC 8707 section 2). */
const ABSOLUTE = /^[A-Za-z][A-Za-z0-9+.-]*:[^\s#]+$/

/** The resources of a request, each once (RFC 8707 section 2). */
export const resourcesIn = (parameters: Parameters): readonly string[] => [
  ...new Set(parameters.list('resource')),
]

/** The complete audience of a request, each value once: Hydra's `audience` and the resources. */
export const audienceIn = (parameters: Parameters): readonly string[] => [
  ...new Set([...parameters.list('audience'), ...parameters.list('resource')]),
]

/**
 * The error for the first audience or resource that the client may not have; `undefined` if it may have all (contract
 * 3.8, RFC 8707 section 2).
 */
export function refusedTarget(
  config: Config,
  client: ClientRecord,
  parameters: Parameters,
): OAuthError | undefined {
  const refused = refusedAudience(client, parameters.list('audience'))
  if (refused !== undefined) return refused
  const resources = resourcesIn(parameters)
  if (resources.length === 0) return undefined
  const allowed = audienceRule(resourcesOf(config, client))
  const resource = resources.find((value) => !ABSOLUTE.test(value) || !allowed(value))
  return resource === undefined ? undefined : invalidTarget(resource)
}

/** The error for a resource that the client may not have. */
export const invalidTarget = (resource: string): OAuthError =>
  new OAuthError('invalid_target', 'resource_not_allowed', { resource })

/**
 * The resources a client may have. One that registered itself has the configured ones, whatever audience it gave itself,
 * as far as its initial access token allows them.
 */
function resourcesOf(
  { registration }: Config,
  { bounds, metadata, initialAccess }: ClientRecord,
): readonly string[] {
  if (bounds !== null) return metadata.audience
  const limit = initialAccess?.policy.audience ?? null
  return limit === null ? registration.resources : coveredByBoth(registration.resources, limit)
}

/** What two lists of audiences both cover: of two audiences of which one is below the other, the lower. */
const coveredByBoth = (one: readonly string[], other: readonly string[]): readonly string[] => [
  ...one.filter(audienceRule(other)),
  ...other.filter(audienceRule(one)),
]

/** Everything a client may have in the audience of its tokens, requested as audience or as resource. */
export const audienceOf = (config: Config, client: ClientRecord): readonly string[] => [
  ...client.metadata.audience,
  ...resourcesOf(config, client),
]

/**
 * The audience of a grant: what the consent app granted. If it granted none, it may not know resources, so the
 * requested resources are used: a token without audience would be valid everywhere.
 */
export const grantedAudience = (
  granted: readonly string[],
  resources: readonly string[],
): readonly string[] => (granted.length === 0 ? resources : granted)
