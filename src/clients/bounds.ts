import { strengthOf } from '../client-auth/methods.ts'
import type { Config } from '../config/types.ts'
import { invalidMetadata } from '../errors/refusals.ts'
import type { ClientBounds, ClientMetadata } from '../store/types.ts'
import { parseDuration } from '../util/duration.ts'
import { isJsonObject } from '../util/json.ts'
import { audienceRule, scopeRule } from '../util/scope.ts'

/** What an admin who sets this metadata leaves to the client itself. */
export const boundsOf = (metadata: ClientMetadata): ClientBounds => ({
  scope: metadata.scope,
  audience: metadata.audience,
  grant_types: metadata.grant_types,
  response_types: metadata.response_types,
  subject_type: metadata.subject_type,
  token_endpoint_auth_method: metadata.token_endpoint_auth_method,
  token_endpoint_auth_signing_alg: metadata.token_endpoint_auth_signing_alg,
  request_object_signing_alg: metadata.request_object_signing_alg,
  lifespans: metadata.lifespans,
})

/** A client's JSON about itself in which what it left out stays as the admin set it. */
export function withBounds(body: unknown, bounds: ClientBounds | null): unknown {
  if (bounds === null || !isJsonObject(body)) return body
  const { lifespans, ...fields } = bounds
  const given = Object.entries(body).filter(([, value]) => value !== null && value !== '')
  return { ...fields, ...lifespans, ...Object.fromEntries(given) }
}

/**
 * Holds what a client wants to be against what an admin set: never more scopes, audiences, grants, response types or
 * lifetime, no weaker authentication, no public subjects for pairwise ones (RFC 7592 section 2.2: the server may refuse).
 *
 * @throws `invalid_client_metadata` that names the first field that goes beyond
 */
export function checkBounds(config: Config, bounds: ClientBounds | null, wanted: ClientMetadata): void {
  if (bounds === null) return
  const within: readonly (readonly [field: keyof ClientBounds, holds: boolean])[] = [
    ['scope', words(wanted.scope).every(scopeRule(config.strategies.scope, words(bounds.scope)))],
    ['audience', wanted.audience.every(audienceRule(bounds.audience))],
    ['grant_types', isSubset(wanted.grant_types, bounds.grant_types, 'authorization_code')],
    ['response_types', isSubset(wanted.response_types, bounds.response_types, 'code')],
    ['subject_type', bounds.subject_type !== 'pairwise' || wanted.subject_type === 'pairwise'],
    ['token_endpoint_auth_method', isAsStrong(wanted, bounds)],
    ['token_endpoint_auth_signing_alg', isPinned('token_endpoint_auth_signing_alg', wanted, bounds)],
    ['request_object_signing_alg', isPinned('request_object_signing_alg', wanted, bounds)],
  ]
  const [beyond] = within.find(([, holds]) => !holds) ?? [longerLifespan(config, bounds, wanted)]
  if (beyond !== undefined) throw invalidMetadata(`Field '${beyond}' goes beyond what an admin set.`)
}

const words = (text: string): readonly string[] => text.split(' ').filter((word) => word !== '')

/** Whether each value is one of the admin's, in any order of its words; an empty list stands for its default. */
function isSubset(wanted: readonly string[] | null, set: readonly string[] | null, preset: string): boolean {
  const normal = (values: readonly string[] | null): readonly string[] =>
    (values?.length ? values : [preset]).map((value) => words(value).toSorted().join(' '))
  const allowed = new Set(normal(set))
  return normal(wanted).every((value) => allowed.has(value))
}

function isAsStrong(wanted: ClientMetadata, bounds: ClientBounds): boolean {
  const { token_endpoint_auth_method: method } = wanted
  const { token_endpoint_auth_method: set } = bounds
  // A method that never works only stays as it is.
  return method === set || (strengthOf(set) !== -1 && strengthOf(method) >= strengthOf(set))
}

/** An algorithm that an admin named stays. */
const isPinned = (
  field: 'token_endpoint_auth_signing_alg' | 'request_object_signing_alg',
  wanted: ClientMetadata,
  bounds: ClientBounds,
): boolean => bounds[field] === '' || wanted[field] === bounds[field]

/** The first lifespan that is longer than the admin's, or than the configured one where the admin set none. */
function longerLifespan(
  { ttl }: Config,
  { lifespans }: ClientBounds,
  wanted: ClientMetadata,
): string | undefined {
  const presets = { access: ttl.accessToken, id: ttl.idToken, refresh: ttl.refreshToken }
  const given: Readonly<Record<string, string>> = wanted.lifespans
  const set: Readonly<Record<string, string>> = lifespans
  return Object.keys(given).find((field) => {
    const preset = Object.entries(presets).find(([kind]) => field.endsWith(`_${kind}_token_lifespan`))?.[1]
    const most = set[field] === undefined ? (preset ?? Infinity) : secondsOf(set[field])
    return secondsOf(given[field] ?? '') > most
  })
}

/** A negative lifespan never ends. */
function secondsOf(duration: string): number {
  const seconds = parseDuration(duration) ?? Number.POSITIVE_INFINITY
  return seconds < 0 ? Number.POSITIVE_INFINITY : seconds
}
