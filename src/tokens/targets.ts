import type { StoredGrant } from '../ledger/types.ts'

/** Places in a grant's audience that a token is for; null for all of them. */
export type Targets = readonly number[] | null

/**
 * Where in a grant's audience the resources of a token request are (RFC 8707 section 2.2): the token seals these, while
 * grant and refresh token keep the whole.
 */
export const targetsIn = ({ audience }: StoredGrant, resources: readonly string[]): Targets =>
  resources.length === 0 ? null : resources.map((resource) => audience.indexOf(resource))

/** The grant as a token for these targets has it. */
export const narrowed = (grant: StoredGrant, targets: Targets): StoredGrant =>
  targets === null ? grant : { ...grant, audience: targets.flatMap((at) => grant.audience[at] ?? []) }
