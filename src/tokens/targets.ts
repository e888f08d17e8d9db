import type { StoredGrant } from '../ledger/types.ts'

/** Indexes of the entries of a grant's audience that a token is for; null for all. */
export type Targets = readonly number[] | null

/**
 * Indexes of the resources of a token request in a grant's audience (RFC 8707 section 2.2). The access token seals
 * these; grant and refresh token keep the whole audience.
 */
export const targetsIn = ({ audience }: StoredGrant, resources: readonly string[]): Targets =>
  resources.length === 0 ? null : resources.map((resource) => audience.indexOf(resource))

/** The grant with its audience limited to these targets. */
export const narrowed = (grant: StoredGrant, targets: Targets): StoredGrant =>
  targets === null ? grant : { ...grant, audience: targets.flatMap((at) => grant.audience[at] ?? []) }
