/** A Worker to serve: what `serve/worker.ts` gets as JSON. */
export interface WorkerPlan {
  readonly name: string
  /** The folder of its bundle, `index.js`. */
  readonly bundle: string
  /** Where its storage lies, as files. */
  readonly state: string
  readonly settings?: Readonly<Record<string, string>>
  readonly d1?: readonly string[]
  readonly kv?: readonly string[]
  /** Durable Object classes by binding. */
  readonly objects?: Readonly<Record<string, string>>
  /** Folder of D1 migrations for the first database. */
  readonly migrations?: string
  /** Milliseconds that every storage call waits before it starts. */
  readonly latency?: number
  /** Whether a debugger may connect. */
  readonly inspected?: boolean
}

/** What a server says once it listens. */
export interface Listening {
  readonly port: number
  /** The port of the debugger, if there is one. */
  readonly inspector?: number
}

/** Begins the line in which a server says that. */
export const READY = 'READY '

/** The runtime that the bundles are made for; as in wrangler.toml. */
export const COMPATIBILITY_DATE = '2026-10-23'
