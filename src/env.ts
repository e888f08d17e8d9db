import type { Ledger } from './ledger/object.ts'

/** Bindings of the Worker, as in wrangler.toml; settings are further members of type string. */
export interface Env {
  readonly DB: D1Database
  readonly COPIES: KVNamespace
  readonly LEDGER: DurableObjectNamespace<Ledger>
  /** What is served as it is: the documents. Nothing of it is if absent. */
  readonly ASSETS?: Fetcher
  /** A database of the grants book's own; it is in `DB` if absent. */
  readonly BOOK?: D1Database
  /** The admin API of the identity provider, where no public URL leads to it. */
  readonly IDENTITY_PROVIDER?: Fetcher
  /** Where requests, notices and runs of the scheduled job are counted; nowhere if absent. */
  readonly METRICS?: AnalyticsEngineDataset
  readonly [setting: string]: unknown
}
