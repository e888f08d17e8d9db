/**
 * List prices of the paid plan, in USD for a million, as read on 2026-11-28 at developers.cloudflare.com: the pages
 * "Pricing" of Workers, Durable Objects (SQLite), D1 and KV, and "Limits" of Workers Logs. Not the amounts that the plan
 * includes.
 */
export const PRICES = {
  request: 0.3,
  cpuMs: 0.02,
  ledgerRequest: 0.15,
  /** A gigabyte second of an object that is active. It has 128 MB, whatever it uses. */
  ledgerGbSecond: 12.5,
  rowWritten: 1,
  rowRead: 0.001,
  kvRead: 0.5,
  kvWrite: 5,
  logLine: 0.6,
} as const

/** USD for a gigabyte of ledgers in a month, and for the plan. */
export const MONTHLY = { ledgerGb: 0.2, plan: 5 } as const

/** What the free plan allows in a day. */
export const FREE_A_DAY = { requests: 100_000, ledgerRows: 100_000, d1Rows: 100_000, calls: 100_000 } as const

/**
 * What is not counted but assumed: how long a ledger is active for a call, seconds, the CPU time of a request, ms, and
 * what the ledger of a user takes, GB.
 */
export const ASSUMED = { ledgerSeconds: 0.005, cpuMs: 2, userGb: 20e-6 } as const

const MEMORY_GB = 0.128

/** What an operation asks of the platform, over its life: with clean-up and alarms. */
export interface Usage {
  /** Requests to the Worker. */
  readonly requests: number
  /** Calls of ledgers, alarms among them. */
  readonly calls: number
  readonly ledgerRows: number
  readonly d1Rows: number
  readonly kv: number
  /** Log lines, with the default settings. */
  readonly lines: number
}

/** Returns the list price of a million operations, USD. Rows that are read are left out: they cost a thousandth. */
export function priceOf({ requests, calls, ledgerRows, d1Rows, kv, lines }: Usage): number {
  return (
    requests * (PRICES.request + ASSUMED.cpuMs * PRICES.cpuMs) +
    calls * (PRICES.ledgerRequest + ASSUMED.ledgerSeconds * MEMORY_GB * PRICES.ledgerGbSecond) +
    (ledgerRows + d1Rows) * PRICES.rowWritten +
    kv * PRICES.kvRead +
    lines * PRICES.logLine
  )
}
