/**
 * List prices of the paid plan, in USD for a million, as read on 2026-11-28 at developers.cloudflare.com: the pages
 * "Pricing" of Workers, Durable Objects (SQLite), D1 and KV, and "Limits" of Workers Logs.
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

/** What the plan includes in a month, in millions of each; storage in GB. From the same pages. */
export const INCLUDED = {
  requests: 10,
  cpuMs: 30,
  calls: 1,
  ledgerGbSeconds: 0.4,
  ledgerRows: 50,
  d1Rows: 50,
  rowsRead: 25_000,
  lines: 20,
  ledgerGb: 5,
} as const

/** USD for a gigabyte of ledgers and of D1 in a month, and for the plan. */
export const MONTHLY = { ledgerGb: 0.2, d1Gb: 0.75, plan: 5 } as const

/** What the free plan allows in a day. */
export const FREE_A_DAY = { requests: 100_000, ledgerRows: 100_000, d1Rows: 100_000, calls: 100_000 } as const

/**
 * What is not counted but assumed: how long a ledger is active for a call, seconds; the CPU time of a request that was
 * not measured, ms; what the ledger of a user and a row of the grants book take, GB.
 */
export const ASSUMED = { ledgerSeconds: 0.005, cpuMs: 2, userGb: 20e-6, bookRowGb: 300e-9 } as const

/**
 * CPU time of an operation, ms: of the whole server process under Miniflare as docs/bench.md has it, with its simulation of
 * storage and its logging. The six requests of a login took 10.3 ms for a new user and 6.4 ms for a known one; the two in
 * which the app reads are taken as 1 ms each.
 */
export const CPU_MS = {
  newLogin: 12.3,
  knownLogin: 8.4,
  introspection: 0.36,
  userinfo: 0.31,
  refresh: 0.95,
  clientCredentials: 0.26,
} as const

/**
 * How often in a second isolates ask the feed of changes, and read KV because they just began: by the fleet simulated in
 * test/copies/fleet.test.ts, locations x isolates, at 494 look-ups a second, as many as ten million users make.
 */
export const COPIES_A_SECOND = {
  '30 x 10': { feed: 9.9, kv: 2.1 },
  '100 x 10': { feed: 31.5, kv: 6.5 },
} as const

const MEMORY_GB = 0.128

/** What an operation asks of the platform, over its life: with clean-up and alarms. */
export interface Usage {
  /** Requests to the Worker. */
  readonly requests: number
  /** Calls of ledgers, alarms among them. */
  readonly calls: number
  readonly ledgerRows: number
  /** Rows that are read, in ledgers and D1. */
  readonly rowsRead: number
  readonly d1Rows: number
  readonly kv: number
  /** Log lines, with the default settings. */
  readonly lines: number
  /** CPU time, ms. */
  readonly cpuMs: number
}

/** The list price of a million calls of a ledger, USD. */
const LEDGER_CALL = PRICES.ledgerRequest + ASSUMED.ledgerSeconds * MEMORY_GB * PRICES.ledgerGbSecond

/** Returns what isolates ask for their copies in a month, USD. */
export function copiesAMonth(fleet: keyof typeof COPIES_A_SECOND): {
  readonly feed: number
  readonly kv: number
} {
  const { feed, kv } = COPIES_A_SECOND[fleet]
  const millions = (30 * 86_400) / 1e6
  return { feed: feed * millions * LEDGER_CALL, kv: kv * millions * PRICES.kvRead }
}

/** Returns the list price of a million operations, USD. */
export function priceOf({ requests, calls, ledgerRows, rowsRead, d1Rows, kv, lines, cpuMs }: Usage): number {
  return (
    requests * PRICES.request +
    cpuMs * PRICES.cpuMs +
    calls * LEDGER_CALL +
    (ledgerRows + d1Rows) * PRICES.rowWritten +
    rowsRead * PRICES.rowRead +
    kv * PRICES.kvRead +
    lines * PRICES.logLine
  )
}

/** Returns what of the list price of so many millions of each is taken off, since the plan includes it, USD. */
export function includedIn(usage: Usage): number {
  const off = (
    what: 'requests' | 'cpuMs' | 'calls' | 'ledgerRows' | 'd1Rows' | 'rowsRead' | 'lines',
    price: number,
  ) => Math.min(usage[what], INCLUDED[what]) * price
  const active = Math.min(usage.calls * ASSUMED.ledgerSeconds * MEMORY_GB, INCLUDED.ledgerGbSeconds)
  return (
    off('requests', PRICES.request) +
    off('cpuMs', PRICES.cpuMs) +
    off('calls', PRICES.ledgerRequest) +
    off('ledgerRows', PRICES.rowWritten) +
    off('d1Rows', PRICES.rowWritten) +
    off('rowsRead', PRICES.rowRead) +
    off('lines', PRICES.logLine) +
    active * PRICES.ledgerGbSecond +
    INCLUDED.ledgerGb * MONTHLY.ledgerGb
  )
}
