import { aroundD1 } from './bindings.ts'

/** The rows that D1 bills, and the queries. */
export interface D1Rows {
  written: number
  read: number
  queries: number
}

/** A database whose rows are counted as D1 counts them for the bill: those of indexes too. */
export function countRows(real: D1Database): { readonly d1: D1Database; readonly rows: D1Rows } {
  const rows = { written: 0, read: 0, queries: 0 }
  const count = (answer: unknown): void => {
    for (const { meta } of [answer as Partial<D1Result>].flat()) {
      rows.written += Number(meta?.['rows_written'] ?? 0)
      rows.read += Number(meta?.['rows_read'] ?? 0)
    }
  }
  const d1 = aroundD1(real, async (_method, call) => {
    rows.queries += 1
    const answer = await call()
    count(answer)
    return answer
  })
  return { d1, rows }
}
