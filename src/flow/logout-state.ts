import * as v from 'valibot'
import { tuple } from '../crypto/tuple.ts'
import { isOwner } from '../ledger/owner.ts'
import type { Runtime } from '../runtime.ts'
import { nowSeconds } from '../util/clock.ts'
import { openFlow, sealFlow } from './seal.ts'

/** What a logout carries between redirects (format 1, a tuple). */
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

const format = tuple({
  owner: v.custom<string>(isOwner),
  sid: v.string(),
  subject: v.string(),
  clientId: v.nullish(v.string(), null),
  target: v.string(),
  requestUrl: v.string(),
  requestedAt: v.number(),
})

export type LogoutKind = 'logout_challenge' | 'logout_verifier'

/** Seals a logout challenge or verifier, good until `expiresAt` (seconds since the epoch). */
export function sealLogout(
  rt: Runtime,
  kind: LogoutKind,
  state: LogoutState,
  expiresAt: number,
): Promise<string> {
  return sealFlow(rt, kind, format.write(state), expiresAt)
}

/** Opens one; `undefined` when it was not sealed here as this kind. */
export async function openLogout(
  rt: Runtime,
  kind: LogoutKind,
  sealed: string,
): Promise<
  { readonly state: LogoutState; readonly expired: boolean; readonly expiresAt: number } | undefined
> {
  const opened = await openFlow(rt, kind, sealed)
  if (opened === undefined) return undefined
  const expiresAt = opened.expiresAt ?? 0
  return { state: format.read(opened.data), expired: expiresAt <= nowSeconds(), expiresAt }
}
