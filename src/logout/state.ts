import * as v from 'valibot'
import { tuple } from '../crypto/tuple.ts'
import { flowKind } from '../flow/seal.ts'
import { isOwner, type Owner } from '../ledger/owner.ts'
import type { Seconds } from '../util/clock.ts'
import type { ClientId, Sid } from '../util/ids.ts'
import { clientId, sid, time } from '../util/schema.ts'

/** The sealed state of a logout between redirects. */
export interface LogoutState {
  readonly owner: Owner
  readonly sid: Sid
  readonly subject: string
  /** The client that asked; null if the user came without one. */
  readonly clientId: ClientId | null
  /** Where the browser goes after the logout, without the `state` of the request. */
  readonly target: string
  /** Path and query of the request, as the logout app sees it. */
  readonly requestUrl: string
  readonly requestedAt: Seconds
  /** Whether the client's ID token names a session that this browser, as far as it showed, does not have. */
  readonly foreign: boolean
}

/** Format 1, a tuple. */
const format = tuple({
  owner: v.custom<Owner>(isOwner),
  sid,
  subject: v.string(),
  clientId: v.nullish(clientId, null),
  target: v.string(),
  requestUrl: v.string(),
  requestedAt: time,
  foreign: v.optional(v.boolean(), false),
})

/** Both travel whole: whoever has any ID token of ours can make up any number of them. */
const bulk = { stores: false }

/** A logout that the logout app has to decide on. */
export const logoutChallenge = flowKind<LogoutState>('logout_challenge', format, bulk)

/** A logout that the logout app agreed to. */
export const logoutVerifier = flowKind<LogoutState>('logout_verifier', format, bulk)
