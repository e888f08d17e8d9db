import { type SQL, sql } from 'drizzle-orm'
import { randomText } from '../util/base64url.ts'
import { logFailure } from './d1.ts'
import { grantsBook } from './schema.ts'

/*
 * Writes of the grants book are tried again, also where D1 took one and its answer was lost. What came in between is later:
 * so a row notes the marks of its last writes, and takes none twice.
 */

/** How often a write is tried. */
const TRIES = 3
/** The pause before the second try, milliseconds. Each further pause is twice as long. */
const PAUSE_MS = 100

/** The length of a mark, in random bytes and in characters. */
const MARK_BYTES = 6
const MARK_LENGTH = 8
/** How many marks a row keeps. All tries of a write are over within seconds. */
const MARKS_KEPT = 4

const { lastWrites } = grantsBook

/** One write, however often it is tried. */
export interface BookWrite {
  /** What stands for it in rows. */
  readonly mark: string
  /** The marks of a row that takes it. */
  readonly marks: SQL
  /** Whether a row did not take it yet. */
  readonly isNew: SQL
}

/**
 * Writes to the book, a few times if D1 does not answer. What fails then is logged and dropped: it never throws.
 * @param event - the name of the log line
 */
export async function writeBook(
  event: string,
  write: (once: BookWrite) => PromiseLike<unknown>,
): Promise<void> {
  const once = newWrite()
  for (let tried = 1; ; tried += 1) {
    try {
      await write(once)
      return
    } catch (error) {
      if (tried === TRIES) return logFailure(event, error)
      await scheduler.wait(PAUSE_MS * 2 ** (tried - 1))
    }
  }
}

function newWrite(): BookWrite {
  const mark = randomText(MARK_BYTES)
  return {
    mark,
    marks: sql`substr(${mark} || ${lastWrites}, 1, ${MARKS_KEPT * MARK_LENGTH})`,
    isNew: sql`instr(${lastWrites}, ${mark}) = 0`,
  }
}
