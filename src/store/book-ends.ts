import { type Seconds, seconds } from '../util/clock.ts'

const DAY = 86_400

/** A row's end is put off by this much at a time, seconds: so rarely does a refresh write. */
const PERIOD = 90 * DAY

/**
 * How much later than what was written down the tokens of the same subject and client may end, seconds: further grants of
 * a day write nothing, and a flow takes some time.
 */
const SLACK = 2 * DAY

/** Something of a subject that ends. */
export interface Lasting {
  readonly subject: string
  /** When it ends, seconds since the epoch; null for never. */
  readonly expiresAt: Seconds | null
}

/**
 * Returns until when the book keeps a row that is written for something that ends then; null for ever. The end of a
 * period, which begins at another time for each subject, so that what lives on does not come at once.
 */
export const bookedUntil = ({ subject, expiresAt }: Lasting): Seconds | null =>
  expiresAt === null ? null : endOfPeriod(subject, expiresAt + SLACK)

/**
 * Whether a refresh has to tell the book that tokens of a subject live on: they now end in a later period than before.
 * What was written down when that period began covers all others of it.
 *
 * @param before - when the presented token ends, seconds since the epoch; null for never
 */
export function outlives({ subject, expiresAt }: Lasting, before: Seconds | null): boolean {
  if (before === null || expiresAt === before) return false
  return expiresAt === null || endOfPeriod(subject, expiresAt) > endOfPeriod(subject, before)
}

function endOfPeriod(subject: string, at: number): Seconds {
  const phase = hashOf(subject) % PERIOD
  return seconds(Math.ceil((at - phase) / PERIOD) * PERIOD + phase)
}

/** FNV-1a over UTF-16 code units: spreads subjects, and protects nothing. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}
