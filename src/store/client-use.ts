import { and, gt, isNotNull, isNull, lte, or, type SQL, sql } from 'drizzle-orm'
import { type Seconds, seconds } from '../util/clock.ts'
import { clients } from './schema.ts'
import type { ClientRecord } from './types.ts'

/** How much older the noted use of a client may be than its last one, seconds: a use is noted once a day. */
export const NOTED_EVERY = seconds(86_400)

/** How long after its end a client's row goes, seconds: requests that found it alive are over by then. */
const PURGE_AFTER = seconds(3600)

/**
 * Whether a client that registered itself ended because it was not used. It never ends sooner than it was told when it
 * registered, whatever the setting is by now; a client that was told nothing, or that an admin changed, never does.
 *
 * @param ttl - how long a client may be unused by the settings; null for ever
 */
export function hasEnded(
  { usedAt, unusedTtl }: Pick<ClientRecord, 'usedAt' | 'unusedTtl'>,
  ttl: Seconds | null,
  now: Seconds,
): boolean {
  if (ttl === null || usedAt === null || unusedTtl === null) return false
  return usedAt + Math.max(ttl, unusedTtl) + NOTED_EVERY <= now
}

/** The condition for clients that did not end; none if clients never do. */
export function isAlive(ttl: Seconds | null, now: Seconds): SQL | undefined {
  const { usedAt, unusedTtl } = clients
  if (ttl === null) return undefined
  return or(
    isNull(usedAt),
    isNull(unusedTtl),
    gt(sql`${usedAt} + max(${unusedTtl}, ${ttl})`, now - NOTED_EVERY),
  )
}

/** The condition for clients whose rows may go. The first part finds them by an index. */
export function isPurgeable(ttl: Seconds, now: Seconds): SQL | undefined {
  const { usedAt, unusedTtl } = clients
  const latest = now - NOTED_EVERY - PURGE_AFTER
  return and(
    isNotNull(usedAt),
    lte(usedAt, seconds(latest - ttl)),
    lte(sql`${usedAt} + ${unusedTtl}`, latest),
  )
}
