import type { Config, RegistrationPolicy } from '../../config/types.ts'
import { OAuthError } from '../../errors/oauth-error.ts'
import { unusableField } from '../../errors/refusals.ts'
import { CLIENT_FIELDS } from '../../store/client-fields.ts'
import { LIFESPAN_FIELDS } from '../../store/client-metadata.ts'
import type { ClientMetadata, LifespanField } from '../../store/types.ts'
import { formatDuration } from '../../util/duration.ts'
import { audienceRule, scopeRule } from '../../util/scope.ts'
import { configuredLifespan, secondsOf } from '../lifespans.ts'

/**
 * What a client may register of itself by the operator's policies. Values of lists that a policy does not hold are left
 * out and longer lifetimes are shortened, which the answer shows (RFC 7591 sections 2 and 3.2.1).
 *
 * @param policies - each narrows what the ones before it left
 * @throws `invalid_client_metadata` if nothing of a list is left; `invalid_redirect_uri` for any redirect URI that a
 *   policy does not allow, since a client without it would fail where it is used
 */
export function withinPolicy(
  config: Config,
  policies: readonly RegistrationPolicy[],
  given: ClientMetadata,
): ClientMetadata {
  let metadata = given
  for (const policy of policies) {
    checkRedirects([policy], metadata)
    metadata = { ...metadata, ...keptLists(config, policy, metadata) }
  }
  return { ...metadata, ...shortened(config, metadata) }
}

/**
 * Checks the redirect URIs that a client gives itself.
 *
 * @param known - what it has already may stay
 * @throws `invalid_redirect_uri`
 */
export function checkRedirects(
  policies: readonly RegistrationPolicy[],
  { redirect_uris: uris }: ClientMetadata,
  known: readonly string[] = [],
): void {
  const field = 'redirect_uris'
  const index = (uris ?? []).findIndex(
    (uri) => !known.includes(uri) && !policies.every((policy) => mayRedirect(policy, uri)),
  )
  if (index === -1) return
  const problem = 'leads to a host, or has a scheme, that no client may register here'
  throw new OAuthError('invalid_redirect_uri', 'entry_unusable', { field, index, problem })
}

/** What is left of each list that a policy limits. */
function keptLists(
  { strategies }: Config,
  { scope, audience, grantTypes }: RegistrationPolicy,
  metadata: ClientMetadata,
): Partial<ClientMetadata> {
  const words = metadata.scope.split(' ').filter((word) => word !== '')
  // An empty list stands for its default, which the policy may not hold.
  const grants = metadata.grant_types?.length ? metadata.grant_types : CLIENT_FIELDS.grant_types.emptyMeans
  return {
    ...(scope && { scope: kept('scope', words, scope, scopeRule(strategies.scope, scope)).join(' ') }),
    ...(audience && { audience: kept('audience', metadata.audience, audience, audienceRule(audience)) }),
    ...(grantTypes && {
      grant_types: kept('grant_types', grants, grantTypes, (type) => grantTypes.includes(type)),
    }),
  }
}

function kept(
  field: string,
  values: readonly string[],
  allowed: readonly string[],
  test: (value: string) => boolean,
): readonly string[] {
  const left = values.filter(test)
  if (left.length > 0 || values.length === 0) return left
  if (field === 'grant_types')
    throw unusableField(field, `holds none of what clients may register here: ${allowed.join(', ')}`)
  // Discovery tells grant types to everybody, but what scopes and audiences the operator allows is for the log alone.
  const facts = { field, problem: 'holds nothing that clients may register here', allowed }
  throw new OAuthError('invalid_client_metadata', 'metadata_beyond_policy', facts, 'metadata_unusable')
}

/** A URI of an app has no host that somebody owns: beside a list of hosts its scheme must be listed. */
function mayRedirect(
  { redirectHosts: hosts, redirectSchemes: schemes }: RegistrationPolicy,
  uri: string,
): boolean {
  const { protocol, hostname } = new URL(uri)
  const scheme = protocol.slice(0, -1)
  if (schemes !== null && !schemes.includes(scheme)) return false
  if (hosts === null) return true
  return /^https?$/.test(scheme) ? hosts.some((host) => isAt(host, hostname)) : schemes !== null
}

const isAt = (pattern: string, hostname: string): boolean =>
  pattern.startsWith('*.') ? hostname.endsWith(pattern.slice(1)) : hostname === pattern

/** The lifespans that would be longer than a client may give itself, and those that settings make so. */
function shortened(
  { ttl, registration }: Config,
  metadata: ClientMetadata,
): Partial<Record<LifespanField, string>> {
  const lifespans: Partial<Record<LifespanField, string>> = {}
  for (const field of LIFESPAN_FIELDS) {
    const own = metadata[field]
    const most = configuredLifespan(registration.maxTtl, field)
    const length = own === undefined ? configuredLifespan(ttl, field) : secondsOf(own)
    if (length > most) lifespans[field] = formatDuration(most)
  }
  return lifespans
}
