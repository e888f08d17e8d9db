import * as v from 'valibot'
import { OAuthError } from '../errors/oauth-error.ts'
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

const format = v.looseTuple([
  v.custom<string>(isOwner),
  v.string(),
  v.string(),
  v.nullable(v.string()),
  v.string(),
  v.string(),
  v.number(),
])

export type LogoutKind = 'logout_challenge' | 'logout_verifier'

/** Seals a logout challenge or verifier, good until `expiresAt` (seconds since the epoch). */
export function sealLogout(
  rt: Runtime,
  kind: LogoutKind,
  state: LogoutState,
  expiresAt: number,
): Promise<string> {
  const { owner, sid, subject, clientId, target, requestUrl, requestedAt } = state
  return sealFlow(rt, kind, [owner, sid, subject, clientId, target, requestUrl, requestedAt], expiresAt)
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
  const parsed = v.safeParse(format, opened.data)
  if (!parsed.success) throw new OAuthError('server_error')
  const [owner, sid, subject, clientId, target, requestUrl, requestedAt] = parsed.output
  const expiresAt = opened.expiresAt ?? 0
  return {
    state: { owner, sid, subject, clientId, target, requestUrl, requestedAt },
    expired: expiresAt <= nowSeconds(),
    expiresAt,
  }
}
