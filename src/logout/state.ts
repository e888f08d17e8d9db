import * as v from 'valibot'
import { tuple } from '../crypto/tuple.ts'
import { flowKind } from '../flow/seal.ts'
import { isOwner } from '../ledger/owner.ts'

/** What a logout carries between redirects. */
export interface LogoutState {
  readonly owner: string
  readonly sid: string
  readonly subject: string
  /** The client that asked, or null when the end-user came by themselves. */
  readonly clientId: string | null
  /** Where the browser goes in the end. */
  readonly target: string
  /** Path and query of the request, as the logout app is shown it. */
  readonly requestUrl: string
  readonly requestedAt: number
}

/** Format 1, a tuple. */
const format = tuple({
  owner: v.custom<string>(isOwner),
  sid: v.string(),
  subject: v.string(),
  clientId: v.nullish(v.string(), null),
  target: v.string(),
  requestUrl: v.string(),
  requestedAt: v.number(),
})

/** A logout that its app is asked about. */
export const logoutChallenge = flowKind<LogoutState>('logout_challenge', format)

/** A logout that its app agreed to. */
export const logoutVerifier = flowKind<LogoutState>('logout_verifier', format)
