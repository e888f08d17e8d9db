import type { Config } from '../config/types.ts'
import type { ClientMetadata } from '../store/types.ts'
import { type Seconds, seconds } from '../util/clock.ts'
import { parseDuration } from '../util/duration.ts'

/**
 * How long a session answers a client's requests at most, as ledgers take it; those of an older release know no limits.
 * The smaller of the setting and the client's own limit counts. A client's limit says when it wants a new login, so
 * other clients go on with the session (contract 3.5).
 */
export function sessionLimits(
  { ttl: { sessionIdle, sessionAbsolute } }: Config,
  { session_idle_lifespan: idle, session_absolute_lifespan: absolute }: ClientMetadata,
): { readonly idleSeconds?: Seconds; readonly absoluteSeconds?: Seconds } {
  const idleSeconds = smaller(sessionIdle, idle)
  const absoluteSeconds = smaller(sessionAbsolute, absolute)
  return {
    ...(idleSeconds !== null && { idleSeconds }),
    ...(absoluteSeconds !== null && { absoluteSeconds }),
  }
}

/** The smaller of two limits, in seconds; null for none, as a negative duration is. */
function smaller(setting: Seconds | null, own: string | undefined): Seconds | null {
  const duration = parseDuration(own ?? '')
  if (duration === undefined || duration < 0) return setting
  return seconds(Math.min(Math.floor(duration), setting ?? Number.POSITIVE_INFINITY))
}
