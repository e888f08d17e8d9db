/** What an isolate had trouble with. */
export type Troubled = 'd1' | 'kv' | 'ledger' | 'server'

/** What the trouble was: an error, or no answer in time. */
export type Cause = 'error' | 'timeout'

const SOURCES: readonly Troubled[] = ['d1', 'kv', 'ledger', 'server']
const CAUSES: readonly Cause[] = ['error', 'timeout']

const counts = new Map<string, number>()

/** When this isolate was first used, milliseconds since the epoch. A Worker's clock stands still before its first request. */
let startedAt: number | undefined

/** Counts one trouble of this isolate: `server` is another server that was asked. */
export function noteTrouble(source: Troubled, cause: Cause): void {
  const name = `${source} ${cause}`
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

/** Returns how often this isolate had each trouble since it started, zeros included. */
export const troubles = (): readonly {
  readonly source: Troubled
  readonly cause: Cause
  readonly count: number
}[] =>
  SOURCES.flatMap((source) =>
    CAUSES.map((cause) => ({ source, cause, count: counts.get(`${source} ${cause}`) ?? 0 })),
  )

/**
 * Returns when this isolate answered its first request, milliseconds since the epoch.
 *
 * @param now - the time of a request
 */
export function isolateStart(now: number): number {
  startedAt ??= now
  return startedAt
}
