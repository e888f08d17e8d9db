import type { Context } from 'hono'
import type { AppEnv, RequestContext } from '../../context.ts'
import type { Entries } from '../../http/repeats.ts'
import type { ClientRecord } from '../../store/types.ts'
import type { JsonObject } from '../../util/json.ts'

/** A part of an HTTP request that can hold parameters. */
export interface PlainSource {
  /** Whether this HTTP request has the part. */
  applies(c: Context<AppEnv>): boolean
  read(c: Context<AppEnv>): Promise<Entries>
}

/** A request carried in a parameter of another request: opened, but not yet verified. */
export interface OpenedSource {
  readonly members: JsonObject
  /** Verifies the request; returns whether the client signed it. Throws if the proof is bad. */
  prove(): Promise<{ readonly signed: boolean }>
}

/** A way to carry a request in a parameter, by value or by reference. */
export interface CarriedSource {
  readonly parameter: 'request' | 'request_uri'
  /** Whether this source can open the parameter's value. */
  takes(value: string): boolean
  /** Opens the request; the work it does is bounded by the size of the value. */
  open(ctx: RequestContext, client: ClientRecord, value: string): Promise<OpenedSource>
}
