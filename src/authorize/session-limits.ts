import type { Config } from '../config/types.ts'
import type { Seconds } from '../util/clock.ts'

/** How long sessions last at most, as ledgers take it; those of an older release know no limits. */
export const sessionLimits = ({
  ttl: { sessionIdle, sessionAbsolute },
}: Config): { readonly idleSeconds?: Seconds; readonly absoluteSeconds?: Seconds } => ({
  ...(sessionIdle !== null && { idleSeconds: sessionIdle }),
  ...(sessionAbsolute !== null && { absoluteSeconds: sessionAbsolute }),
})
