import { OAuthError } from '../errors/oauth-error.ts'
import { toBase64url } from '../util/base64url.ts'
import { BoundedMap } from '../util/bounded-map.ts'
import { nowMs } from '../util/clock.ts'
import { sha256 } from '../util/digest.ts'

/** How long an unknown outcome is remembered, and how many of them. */
const REMEMBER_MS = 60_000
const MAX_REMEMBERED = 1000

const unknown = new BoundedMap<{ readonly attempt: string; readonly at: number }>(MAX_REMEMBERED)

/**
 * Runs a ledger call that must not happen twice. When its outcome stays unknown the client is told to come again,
 * and its next try goes under the same attempt id: if the first had committed after all it gets that answer, and a
 * lost reply is never taken for a replay (design section 8). `credential` is the code or token that is spent.
 */
export async function underAttempt<Result>(
  attempt: string,
  clientId: string,
  credential: string,
  call: (attempt: string) => Promise<Result>,
): Promise<Result> {
  const key = toBase64url(sha256(`${clientId}\0${credential}`))
  const earlier = unknown.get(key)
  const current = earlier !== undefined && nowMs() - earlier.at < REMEMBER_MS ? earlier.attempt : attempt
  try {
    const result = await call(current)
    unknown.delete(key)
    return result
  } catch (thrown) {
    if (thrown instanceof OAuthError && thrown.code === 'temporarily_unavailable')
      unknown.set(key, { attempt: current, at: nowMs() })
    throw thrown
  }
}
