import * as v from 'valibot'
import { strengthOf } from '../client-auth/methods.ts'
import type { Config, Lifetimes } from '../config/types.ts'
import { invalidMetadata } from '../errors/refusals.ts'
import type { Bound } from '../store/client-field.ts'
import { CLIENT_FIELDS } from '../store/client-fields.ts'
import { clientBounds, type FieldName, fieldsWith } from '../store/client-metadata.ts'
import type { ClientBounds, ClientMetadata, LifespanField } from '../store/types.ts'
import { parseDuration } from '../util/duration.ts'
import { isJsonObject } from '../util/json.ts'
import { audienceRule, scopeRule } from '../util/scope.ts'

/** What an admin who sets this metadata leaves to the client itself. */
export const boundsOf = (metadata: ClientMetadata): ClientBounds => v.parse(clientBounds, metadata)

/** A client's JSON about itself in which what it left out stays as the admin set it. */
export function withBounds(body: unknown, bounds: ClientBounds | null): unknown {
  if (bounds === null || !isJsonObject(body)) return body
  const given = Object.entries(body).filter(([, value]) => value !== null && value !== '')
  return { ...bounds, ...Object.fromEntries(given) }
}

/**
 * Holds what a client wants to be against what an admin set: never more scopes, audiences, grants, response types or
 * lifetime, no weaker authentication, no public subjects for pairwise ones (RFC 7592 section 2.2: the server may refuse).
 *
 * @throws `invalid_client_metadata` that names the first field that goes beyond
 */
export function checkBounds(config: Config, bounds: ClientBounds | null, wanted: ClientMetadata): void {
  if (bounds === null) return
  for (const findBeyond of Object.values(BEYOND)) {
    const field = findBeyond(wanted, bounds, config)
    if (field !== undefined) throw invalidMetadata('metadata_beyond_bounds', { field })
  }
}

/** Finds the first field of one kind of bound in which a client wants more than an admin set. */
type FindBeyond = (wanted: ClientMetadata, set: ClientBounds, config: Config) => FieldName | undefined

const BEYOND: Readonly<Record<Bound, FindBeyond>> = {
  scope: (wanted, set, { strategies }) =>
    BOUNDED.scope.find((name) => !words(wanted[name]).every(scopeRule(strategies.scope, words(set[name])))),
  audience: (wanted, set) => BOUNDED.audience.find((name) => !wanted[name].every(audienceRule(set[name]))),
  subset: (wanted, set) =>
    BOUNDED.subset.find((name) => !isSubset(wanted[name], set[name], CLIENT_FIELDS[name].emptyMeans)),
  pairwise: (wanted, set) =>
    BOUNDED.pairwise.find((name) => set[name] === 'pairwise' && wanted[name] !== 'pairwise'),
  strength: (wanted, set) => BOUNDED.strength.find((name) => !isAsStrong(wanted[name], set[name])),
  // What an admin named stays.
  pinned: (wanted, set) => BOUNDED.pinned.find((name) => set[name] !== '' && wanted[name] !== set[name]),
  lifespan: (wanted, set, { ttl }) =>
    BOUNDED.lifespan.find((name) => secondsOf(wanted[name] ?? '0s') > mostSeconds(name, set[name], ttl)),
}

const BOUNDED = {
  scope: fieldsWith({ bound: 'scope' }),
  audience: fieldsWith({ bound: 'audience' }),
  subset: fieldsWith({ bound: 'subset' }),
  pairwise: fieldsWith({ bound: 'pairwise' }),
  strength: fieldsWith({ bound: 'strength' }),
  pinned: fieldsWith({ bound: 'pinned' }),
  lifespan: fieldsWith({ bound: 'lifespan' }),
} as const

const words = (text: string): readonly string[] => text.split(' ').filter((word) => word !== '')

/** Whether each value is one of the admin's, in any order of its words; an empty list stands for its default. */
function isSubset(
  wanted: readonly string[] | null,
  set: readonly string[] | null,
  emptyMeans: readonly string[],
): boolean {
  const normal = (values: readonly string[] | null): readonly string[] =>
    (values?.length ? values : emptyMeans).map((value) => words(value).toSorted().join(' '))
  const allowed = new Set(normal(set))
  return normal(wanted).every((value) => allowed.has(value))
}

// A method that never works only stays as it is.
const isAsStrong = (method: string, set: string): boolean =>
  method === set || (strengthOf(set) !== -1 && strengthOf(method) >= strengthOf(set))

/** The longest lifespan in seconds that the admin left, or the configured one where the admin set none. */
function mostSeconds(field: LifespanField, set: string | undefined, ttl: Lifetimes): number {
  if (set !== undefined) return secondsOf(set)
  const presets = { access: ttl.accessToken, id: ttl.idToken, refresh: ttl.refreshToken }
  const preset = Object.entries(presets).find(([token]) => field.endsWith(`_${token}_token_lifespan`))?.[1]
  return preset ?? Number.POSITIVE_INFINITY
}

/** A negative lifespan never ends. */
function secondsOf(duration: string): number {
  const seconds = parseDuration(duration) ?? Number.POSITIVE_INFINITY
  return seconds < 0 ? Number.POSITIVE_INFINITY : seconds
}
