import type { LogFields, RequestLine } from '../http/log.ts'
import { release } from '../util/release.ts'

/** A dataset of Workers Analytics Engine; absent unless the operator bound one. */
export type Dataset = AnalyticsEngineDataset | undefined

/** What became of a try of a notice that a session ended; `moot` if there was nobody to tell any more. */
export type NoticeOutcome = 'sent' | 'refused' | 'moot' | 'retried' | 'given_up'

/**
 * Counts a request, by what its log line says. There is no subject, token or address in that.
 *
 * @param outcome - what it came to, and why it failed
 * @param hops - how many calls of ledgers it took
 */
export function countRequest(dataset: Dataset, line: RequestLine, outcome: LogFields, hops: number): void {
  const { route, method, status, client_id: client, duration_ms: ms } = line
  const told = ['error', 'reason'].map((name) => textOf(outcome[name]))
  const how = ['grant_type', 'via'].map((name) => textOf(outcome[name]))
  write(dataset, route, ['request', route, method, String(status), ...told, client, ...how], [ms, hops])
}

const textOf = (value: LogFields[string] | undefined): string => (typeof value === 'string' ? value : '')

/** Counts a try of a notice of this kind for this client. */
export function countNotice(
  dataset: Dataset,
  kind: string,
  outcome: NoticeOutcome,
  client: string | null,
): void {
  write(dataset, 'notice', ['notice', kind, '', outcome, '', '', client], [])
}

/**
 * Counts a run of the scheduled job.
 *
 * @param failed - the names of the parts that failed
 */
export function countRun(dataset: Dataset, failed: readonly string[], ms: number): void {
  write(dataset, 'cron', ['cron', '', '', failed.length === 0 ? 'ok' : 'failed', '', failed.join(' ')], [ms])
}

/** How many texts a data point has; the last is the version. */
const BLOBS = 10
/** The longest index, and the longest text of ours, in characters of one byte. */
const MAX_INDEX = 96
const MAX_BLOB = 255

/**
 * Writes a data point. Its index is what Analytics Engine samples by: a flood at one route leaves the others exact. A
 * dataset that throws disturbs nobody.
 */
function write(
  dataset: Dataset,
  index: string,
  texts: readonly (string | null | undefined)[],
  doubles: readonly number[],
): void {
  if (dataset === undefined) return
  const blobs = Array.from({ length: BLOBS - 1 }, (_, at) => (texts[at] ?? '').slice(0, MAX_BLOB))
  try {
    dataset.writeDataPoint({
      indexes: [index.slice(0, MAX_INDEX)],
      blobs: [...blobs, release],
      doubles: [...doubles],
    })
  } catch {
    // What is not counted must not fail what it counts.
  }
}
