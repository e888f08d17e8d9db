import { type Milliseconds, milliseconds, msOf, type Seconds, seconds, secondsOf } from '../util/clock.ts'
import { storedIn } from './layout.ts'
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

/** How long rows of a login may wait for the last of them, so that one alarm cleans up after all of it, ms. */
const LOGIN_WAITS_MS = ALARM_DELAY_MS.tombstone

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
  /**
   * Makes the alarm fire for the rows of a login. An alarm that is set already is left as it is unless it comes a month
   * after the first of them has ended: each change of it costs a row.
   * @param first when the first of the rows ends, seconds since the epoch.
   * @param last when the last of them ends, as far as is known; null for never.
   */
  forLogin(first: Seconds, last: Seconds | null): void
  /** Makes the alarm fire no later than `due` (ms since the epoch). */
  noLaterThanMs(due: Milliseconds): void
  /** Sets the alarm again if it is missing or lost and some row expires after `since` (seconds since the epoch). */
  check(tables: Tables, nowMs: Milliseconds, since?: Seconds): void
  /**
   * Sets the next alarm while one is being handled: for the first row that ends after `nowMs`. Without such a row none is
   * set, since the platform repeats a run that does not come to its end; a repeated run is set after a pause all the same,
   * because the platform gives up after some. Returns whether there is such a row.
   */
  plan(tables: Tables, nowMs: Milliseconds, isRetry: boolean): boolean
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
    forLogin(first, last) {
      const latest = msOf(first) + LOGIN_WAITS_MS
      if (due !== null && due <= latest) return
      set(last === null ? latest : Math.min(msOf(last) + ALARM_DELAY_MS.row, latest))
    },
    check(tables, nowMs, since = seconds(0)) {
      if (due !== null && due > nowMs - OVERDUE_MS) return
      const next = nextWake(tables, since)
      if (next === null) due = Number.POSITIVE_INFINITY
      else set(Math.max(next, nowMs))
    },
    plan(tables, nowMs, isRetry) {
      const next = nextWake(tables, secondsOf(nowMs))
      if (next !== null || isRetry) set(Math.max(next ?? 0, nowMs + PAUSE_MS))
      else due = Number.POSITIVE_INFINITY
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
  const ends = tables
    .expiring()
    .filter((table) => storedIn(table) === table)
    .map((table) => tables.extreme(table, 'MIN', 'expires', 'WHERE expires > ?1', since))
  const rows = ends.map((at) => (at === null ? NEVER : msOf(at) + ALARM_DELAY_MS.row))
  const next = Math.min(...rows, nextLoginEnd(tables, since))
  if (next === NEVER) return null
  // What is left of an erased subject goes on time.
  const erased = tables.extreme('epochs', 'MIN', 'expires', 'WHERE client = ? AND expires > ?', ERASED, since)
  const others = [nextNotice(tables), erased].map((at) => (at === null ? NEVER : msOf(at)))
  return Math.min(next, ...others)
}

const NEVER = Number.POSITIVE_INFINITY

/**
 * Of every session: when its last row ends, itself or a grant, and when the first that has not ended will. As `forLogin`
 * has it, the alarm waits for the last. Both delays are bound, in seconds.
 */
const LOGIN_END = `SELECT MIN(MIN(last + ?2, first + ?3)) AS found FROM (
    SELECT MAX(coalesce(expires, 1e12)) AS last, MIN(CASE WHEN expires > ?1 THEN expires END) AS first
    FROM (SELECT sid, expires FROM sessions UNION ALL SELECT sid, expires FROM grants) GROUP BY sid)
  WHERE first IS NOT NULL`

function nextLoginEnd(tables: Tables, since: Seconds): number {
  if (!tables.has('sessions')) return NEVER
  const at = tables.number(LOGIN_END, since, ALARM_DELAY_MS.row / 1000, LOGIN_WAITS_MS / 1000)
  return at === null ? NEVER : at * 1000
}
