import type { StoredGrant } from '../ledger/types.ts'

/** Indexes of entries of a list in a grant's row; null for all of them. */
export type Entries = readonly number[] | null

/** The part of a grant that an access token is for. Grant and refresh token keep the whole. */
export interface Part {
  /** Which entries of the grant's audience. */
  readonly targets: Entries
  /** Which entries of the grant's scope. */
  readonly scopes: Entries
}

/** All of a grant. */
export const WHOLE: Part = { targets: null, scopes: null }

/** What a token request names of a grant; a part that it does not name is asked for as a whole. */
export interface Wanted {
  /** The resources (RFC 8707 section 2.2). */
  readonly resources: readonly string[]
  /** The scopes (RFC 6749 section 6). */
  readonly scope: readonly string[]
}

/** The part of a grant that a token request names. Its ledger has checked that the grant has all of it. */
export const partOf = ({ audience, scope }: StoredGrant, wanted: Wanted): Part => ({
  targets:
    wanted.resources.length === 0 ? null : wanted.resources.map((resource) => audience.indexOf(resource)),
  scopes: entriesOf(scope, new Set(wanted.scope)),
})

/** The entries of a list that are wanted, in the order of the list; null if those are all, or none is named. */
function entriesOf(list: readonly string[], wanted: ReadonlySet<string>): Entries {
  const named = list.flatMap((entry, at) => (wanted.has(entry) ? [at] : []))
  return wanted.size === 0 || named.length === list.length ? null : named
}

/** The grant with only a part of its audience and scope. */
export const narrowed = (grant: StoredGrant, { targets, scopes }: Part): StoredGrant => ({
  ...grant,
  audience: pickFrom(grant.audience, targets),
  scope: pickFrom(grant.scope, scopes),
})

const pickFrom = (list: readonly string[], entries: Entries): readonly string[] =>
  entries === null ? list : entries.flatMap((at) => list[at] ?? [])
