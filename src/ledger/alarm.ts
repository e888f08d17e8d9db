import { type Milliseconds, milliseconds, msOf, type Seconds, seconds, secondsOf } from '../util/clock.ts'
import { nextNotice } from './notices.ts'
import type { Tables } from './tables.ts'

/** What the alarm is to come for: the end of a row, or a notice that is due. */
export type Wake = 'row' | 'tombstone' | 'notice'

/**
 * How long after its end a row is cleaned up, ms. Being late is harmless, since every read treats what expired as
 * absent, and one clean-up then serves a whole login; an alarm costs a row.
 */
const DELAY_MS = { row: 3_600_000, tombstone: 31 * 86_400_000, notice: 0 } as const

/** An alarm this late counts as lost, ms. */
const OVERDUE_MS = 60_000

/** The pause between clean-ups, and before a failed one is tried again, ms. */
export const PAUSE_MS = milliseconds(300_000)

/** The platform takes no alarm after 2189, but a session may be remembered for longer. */
const LATEST_MS = Date.UTC(2180)

/** The object's one alarm, with its time kept in memory so that requests need not ask for it. */
export interface Alarm {
  /** Reads the stored time, once before the first request. */
  load(): Promise<void>
  /** Moves the alarm to the clean-up time of a row that ends at `expires` (seconds), if that is earlier. */
  noLaterThan(expires: Seconds | null, what: Wake): void
  /** Moves the alarm to a time in ms, if that is earlier. */
  noLaterThanMs(due: Milliseconds): void
  /** Sets the alarm again when it is missing or was lost though something here expires after a moment (seconds). */
  check(tables: Tables, nowMs: Milliseconds, since?: Seconds): void
  /**
   * Sets the next alarm while one runs: for what ends first after this moment, or soon when nothing does, lest
   * this run fails. Returns whether there is something that will end.
   */
  plan(tables: Tables, nowMs: Milliseconds): boolean
  /** Notes that the stored alarm has fired, which removes it. */
  fired(): void
  /** Runs a transaction; when it rolls back, so does what is known of the alarm. */
  during<T>(run: () => T): T
  /** Deletes the alarm: what is left, if anything, never expires. */
  clear(): void
}

/** The alarm of an object. */
export function alarmOf(storage: DurableObjectStorage): Alarm {
  /** Due time in ms; null when missing, Infinity when nothing here ever expires. */
  let due: number | null = null

  function set(at: number): void {
    due = Math.min(at, LATEST_MS)
    // Not awaited: it commits, or rolls back, with the rows around it.
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
      if (expires !== null) noLaterThanMs(milliseconds(msOf(expires) + DELAY_MS[what]))
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

/** When to come, in ms, for what ends after a moment (seconds), or for a notice; null where nothing ends. */
function nextWake(tables: Tables, since: Seconds): number | null {
  let next: Seconds | null = null
  for (const table of tables.expiring()) {
    // A session stays as long as a grant names it, so its own end does not matter until then.
    const unless =
      table === 'sessions'
        ? 'AND sid NOT IN (SELECT sid FROM grants WHERE expires IS NULL OR expires > ?1)'
        : ''
    const at = tables.extreme(table, 'MIN', 'expires', `WHERE expires > ?1 ${unless}`, since)
    if (at !== null && (next === null || at < next)) next = at
  }
  if (next === null) return null
  const due = nextNotice(tables)
  return Math.min(msOf(next) + DELAY_MS.row, due === null ? Number.POSITIVE_INFINITY : msOf(due))
}
