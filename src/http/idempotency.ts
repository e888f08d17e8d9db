import type { OAuthError } from '../errors/oauth-error.ts'
import { as } from '../errors/translate.ts'
import { toBase64url } from '../util/base64url.ts'
import { BoundedMap } from '../util/bounded-map.ts'
import { type Milliseconds, nowMs } from '../util/clock.ts'
import { sha256 } from '../util/digest.ts'

/** How long an unknown outcome is remembered, ms. */
const REMEMBER_MS = 60_000
/** How many unknown outcomes are remembered. */
const MAX_REMEMBERED = 1000

const unknownOutcomes = new BoundedMap<{ readonly attempt: string; readonly at: Milliseconds }>(
  MAX_REMEMBERED,
)

/**
 * Runs a ledger call that must not happen twice. If its outcome is unknown the client is told to retry, and its retry
 * gets the same attempt id: if the first call was committed after all, the retry gets the same answer and does not
 * count as a replay (design section 8).
 *
 * @param attempt - the attempt id, unless the call is a retry
 * @param credential - the code or token that the call consumes
 * @throws what `call` throws
 */
export async function underAttempt<Result>(
  attempt: string,
  clientId: string,
  credential: string,
  call: (attempt: string) => Promise<Result>,
): Promise<Result> {
  const key = (): string => toBase64url(sha256(`${clientId}\0${credential}`))
  // Nearly always nothing is remembered, and no key need be made.
  const earlier = unknownOutcomes.size === 0 ? undefined : unknownOutcomes.get(key())
  const current = earlier !== undefined && nowMs() - earlier.at < REMEMBER_MS ? earlier.attempt : attempt
  const note = (failure: OAuthError): OAuthError => {
    unknownOutcomes.set(key(), { attempt: current, at: nowMs() })
    return failure
  }
  const result = await call(current).catch(as<never>({ temporarily_unavailable: note }))
  if (unknownOutcomes.size > 0) unknownOutcomes.delete(key())
  return result
}
