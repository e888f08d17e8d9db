import { type Milliseconds, milliseconds, msOf, type Seconds, seconds, secondsOf } from '../util/clock.ts'
import { nextNotice } from './notices.ts'
import { ERASED } from './schema.ts'
import type { Tables } from './tables.ts'

/** Why the alarm is set: a row ends, a tombstone ends, or a notice is due. */
export type Wake = 'row' | 'tombstone' | 'notice'

/**
 * How long after the time in question the alarm fires, ms. A late clean-up is harmless: every read treats an expired
 * row as absent. The delay lets one alarm clean up after a whole login, and each alarm costs a row.
 */
const ALARM_DELAY_MS = { row: 3_600_000, tombstone: 31 * 86_400_000, notice: 0 } as const

/** An alarm that is this late is considered lost, ms. */
const OVERDUE_MS = 60_000

/** The shortest pause between two clean-ups, and the pause before a failed clean-up is retried, ms. */
export const PAUSE_MS = milliseconds(300_000)

/** The platform accepts no alarm after the year 2189, but a session may be remembered for longer. */
const LATEST_ALARM_MS = Date.UTC(2180)

/** The object's only alarm. Its time is kept in memory, so requests do not have to read it from storage. */
export interface Alarm {
  /** Reads the stored alarm time. Called once, before the first request. */
  load(): Promise<void>
  /**
   * Makes the alarm fire no later than it must for something that ends at `expires`.
   * @param expires seconds since the epoch; null for never, which changes nothing.
   */
  noLaterThan(expires: Seconds | null, what: Wake): void
  /** Makes the alarm fire no later than `due` (ms since the epoch). */
  noLaterThanMs(due: Milliseconds): void
  /** Sets the alarm again if it is missing or lost and some row expires after `since` (seconds since the epoch). */
  check(tables: Tables, nowMs: Milliseconds, since?: Seconds): void
  /**
   * Sets the next alarm while one is being handled: for the first row that ends after `nowMs`. Without such a row it is
   * set after a pause all the same, in case this run fails. Returns whether there is such a row.
   */
  plan(tables: Tables, nowMs: Milliseconds): boolean
  /** Records that the alarm fired: the platform has removed it from storage. */
  fired(): void
  /** Runs a transaction. If it throws, the alarm time in memory is rolled back too. */
  during<T>(run: () => T): T
  /** Deletes the alarm. For when no row that is left will expire. */
  clear(): void
}

/** Returns the alarm of a Durable Object. */
export function alarmOf(storage: DurableObjectStorage): Alarm {
  /** When the alarm fires, ms since the epoch; null if none is set, Infinity if no row will ever expire. */
  let due: number | null = null

  function set(at: number): void {
    due = Math.min(at, LATEST_ALARM_MS)
    // Not awaited: it commits or rolls back with the surrounding transaction.
    void storage.setAlarm(due)
  }

  function noLaterThanMs(at: Milliseconds): void {
    if (due === null || at < due) set(at)
  }

  return {
    noLaterThanMs,
    async load() {
      due = await storage.getAlarm()
    },
    noLaterThan(expires, what) {
      if (expires !== null) noLaterThanMs(milliseconds(msOf(expires) + ALARM_DELAY_MS[what]))
    },
    check(tables, nowMs, since = seconds(0)) {
      if (due !== null && due > nowMs - OVERDUE_MS) return
      const next = nextWake(tables, since)
      if (next === null) due = Number.POSITIVE_INFINITY
      else set(Math.max(next, nowMs))
    },
    plan(tables, nowMs) {
      const next = nextWake(tables, secondsOf(nowMs))
      set(Math.max(next ?? 0, nowMs + PAUSE_MS))
      return next !== null
    },
    fired() {
      due = null
    },
    during(run) {
      const before = due
      try {
        return run()
      } catch (thrown) {
        due = before
        throw thrown
      }
    },
    clear() {
      due = null
      void storage.deleteAlarm()
    },
  }
}

/**
 * Returns when the alarm must fire for the first row that ends after `since` (seconds since the epoch), or for a
 * notice: ms since the epoch; null if no row ends. Rows that ended with others are cleaned at once.
 */
function nextWake(tables: Tables, since: Seconds): number | null {
  if (tables.exists('sweeps', '')) return msOf(since)
  let next: Seconds | null = null
  for (const table of tables.expiring()) {
    // A session is kept as long as a grant names it, so until then its own end does not matter.
    const unless =
      table === 'sessions'
        ? 'AND sid NOT IN (SELECT sid FROM grants WHERE expires IS NULL OR expires > ?1)'
        : ''
    const at = tables.extreme(table, 'MIN', 'expires', `WHERE expires > ?1 ${unless}`, since)
    if (at !== null && (next === null || at < next)) next = at
  }
  if (next === null) return null
  // What is left of an erased subject goes on time.
  const erased = tables.extreme('epochs', 'MIN', 'expires', 'WHERE client = ? AND expires > ?', ERASED, since)
  const others = [nextNotice(tables), erased].map((at) => (at === null ? Number.POSITIVE_INFINITY : msOf(at)))
  return Math.min(msOf(next) + ALARM_DELAY_MS.row, ...others)
}
