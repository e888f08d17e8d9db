import { and, type SQL, sql } from 'drizzle-orm'
import { JURISDICTIONS, type Jurisdiction } from '../config/residency.ts'
import { grantsBook } from './schema.ts'

/*
 * In which jurisdictions the ledgers are that have something alive of a row of the grants book. A subject may have a
 * ledger in each, and none knows of the others: a row ends with the last of them. Workers of 0.3.0 write neither column.
 * A grant that one of them wrote down is seen by its time, and the row then is in unknown places, until it has ended.
 */

const LETTERS: Readonly<Record<Jurisdiction, string>> = { none: 'n', eu: 'e', us: 'u', fedramp: 'f' }

const { jurisdictions, jurisdictionsAt, lastGrantedAt, endedAt } = grantsBook

/** Whether it is known where a row is. */
const IS_KNOWN = sql`(${jurisdictions} IS NOT NULL AND ${jurisdictionsAt} = ${lastGrantedAt})`

/** The letter of a jurisdiction in a row. */
export const placeOf = (jurisdiction: Jurisdiction): string => LETTERS[jurisdiction]

/** Where a row is once something of it is alive in a jurisdiction too; null where that is not known. */
export const placesWith = (jurisdiction: Jurisdiction): SQL => {
  const place = placeOf(jurisdiction)
  return sql`CASE WHEN ${endedAt} IS NOT NULL THEN ${place} WHEN ${IS_KNOWN} THEN ${without(place)} || ${place} END`
}

/** Whether a row is known to be elsewhere only. */
export const isElsewhere = (jurisdiction: Jurisdiction): SQL =>
  sql`(${IS_KNOWN} AND instr(${jurisdictions}, ${placeOf(jurisdiction)}) = 0)`

/** A ledger, and in which jurisdictions its subject may have one. */
interface LedgerPlace {
  readonly jurisdiction: Jurisdiction
  readonly jurisdictions: readonly Jurisdiction[]
}

/** Whether a ledger is the only one that its subject may have. */
export const isAlone = ({ jurisdiction, jurisdictions }: LedgerPlace): boolean =>
  jurisdictions.every((named) => named === jurisdiction)

/**
 * Whether what a ledger tells is news of another than those that a row knows, or than the one that ended it. It counts
 * however late it comes: the times of others say nothing of it.
 */
export const isNewsFrom = (ledger: LedgerPlace): SQL =>
  isAlone(ledger) ? sql`FALSE` : isElsewhere(ledger.jurisdiction)

/** What the end of all of a row in one jurisdiction means for it. */
export interface PlaceEnded {
  /** Which rows it concerns; undefined for all. */
  readonly concerned: SQL | undefined
  /** Whether nothing of a row is left then. */
  readonly isOver: SQL
  /** Where a row is then; where nothing of it is left, where the last of it was. */
  readonly left: SQL
}

/**
 * Returns what it means for rows that all of them in a jurisdiction is over.
 *
 * @param named - the jurisdictions in which a subject may have a ledger; where it is this one alone, that decides
 */
export function endedIn(jurisdiction: Jurisdiction, named: readonly Jurisdiction[]): PlaceEnded {
  const others = named.filter((name) => name !== jurisdiction)
  if (others.length === 0) return { concerned: undefined, isOver: sql`TRUE`, left: sql`NULL` }
  const place = placeOf(jurisdiction)
  const gone = JURISDICTIONS.filter((name) => !others.includes(name)).map(placeOf)
  const isOver = sql`ltrim(${jurisdictions}, ${gone.join('')}) = ''`
  return {
    concerned: and(IS_KNOWN, sql`instr(${jurisdictions}, ${place}) > 0`),
    isOver,
    left: sql`CASE WHEN ${isOver} THEN ${jurisdictions} ELSE ${without(place)} END`,
  }
}

const without = (place: string): SQL => sql`replace(${jurisdictions}, ${place}, '')`
