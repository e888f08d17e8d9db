import type { Ledger } from './ledger/object.ts'

/** Bindings of the Worker as wrangler.toml names them; settings arrive as further string members. */
export interface Env {
  readonly DB: D1Database
  readonly COPIES: KVNamespace
  readonly LEDGER: DurableObjectNamespace<Ledger>
  readonly [setting: string]: unknown
}
