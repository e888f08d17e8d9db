import * as v from 'valibot'
import { strengthOf } from '../client-auth/methods.ts'
import type { Config, Lifetimes } from '../config/types.ts'
import { invalidMetadata } from '../errors/refusals.ts'
import type { BoundKind } from '../store/client-field.ts'
import { CLIENT_FIELDS } from '../store/client-fields.ts'
import { clientBounds, type FieldName, fieldsWith } from '../store/client-metadata.ts'
import type { ClientBounds, ClientMetadata, LifespanField } from '../store/types.ts'
import { isJsonObject } from '../util/json.ts'
import { audienceRule, scopeRule } from '../util/scope.ts'
import { configuredLifespan, secondsOf } from './lifespans.ts'

/**
 * The bounds for changes by the client itself that follow from an admin's metadata.
 *
 * @param unreviewed - whether the admin did not see all that people are shown of it
 */
export const boundsOf = (metadata: ClientMetadata, unreviewed = false): ClientBounds => ({
  ...v.parse(clientBounds, metadata),
  ...(unreviewed && { unreviewed }),
})

/** Fills fields that the client's own JSON leaves out with the admin's values. */
export function withBounds(body: unknown, bounds: ClientBounds | null): unknown {
  if (bounds === null || !isJsonObject(body)) return body
  const given = Object.entries(body).filter(([, value]) => value !== null && value !== '')
  const { unreviewed: _, ...set } = bounds
  return { ...set, ...Object.fromEntries(given) }
}

/**
 * Checks that a client's own change stays within the admin's bounds: no further scopes, audiences, grants or response
 * types, no longer lifespans, no weaker authentication, no change from pairwise to public subjects (RFC 7592 section
 * 2.2: the server may refuse).
 *
 * @throws `invalid_client_metadata` with the name of the first field beyond its bound
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

const BEYOND: Readonly<Record<BoundKind, FindBeyond>> = {
  scope: (wanted, set, { strategies }) =>
    BOUNDED.scope.find((name) => !words(wanted[name]).every(scopeRule(strategies.scope, words(set[name])))),
  audience: (wanted, set) => BOUNDED.audience.find((name) => !wanted[name].every(audienceRule(set[name]))),
  subset: (wanted, set) =>
    BOUNDED.subset.find((name) => !isSubset(wanted[name], set[name], CLIENT_FIELDS[name].emptyMeans)),
  pairwise: (wanted, set) =>
    BOUNDED.pairwise.find((name) => set[name] === 'pairwise' && wanted[name] !== 'pairwise'),
  strength: (wanted, set) => BOUNDED.strength.find((name) => !isAsStrong(wanted[name], set[name])),
  // A value that an admin set stays.
  pinned: (wanted, set) =>
    BOUNDED.pinned.find((name) => set[name] !== '' && set[name] !== false && wanted[name] !== set[name]),
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

/**
 * Whether every value is one of the admin's; the order of words within a value does not matter, and an empty list means
 * its default.
 */
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

// A method that Ladon does not support may only stay as it is.
const isAsStrong = (method: string, set: string): boolean =>
  method === set || (strengthOf(set) !== -1 && strengthOf(method) >= strengthOf(set))

/** The longest lifespan the admin allows, in seconds; the configured one if the admin set none. */
function mostSeconds(field: LifespanField, set: string | undefined, ttl: Lifetimes): number {
  return set === undefined ? configuredLifespan(ttl, field) : secondsOf(set)
}
