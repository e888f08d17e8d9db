import type { Context } from 'hono'
import type { AppEnv, RequestContext } from '../../context.ts'
import type { Entries } from '../../http/form.ts'
import type { ClientRecord } from '../../store/types.ts'
import type { JsonObject } from '../../util/json.ts'

/** A part of the HTTP request that parameters come in. */
export interface PlainSource {
  /** Whether this HTTP request has it. */
  applies(c: Context<AppEnv>): boolean
  read(c: Context<AppEnv>): Promise<Entries>
}

/** A request that is carried in one parameter of another, opened and not yet believed. */
export interface OpenedSource {
  readonly members: JsonObject
  /** Whether the client signed them. Throws what is wrong with the proof. */
  prove(): Promise<{ readonly signed: boolean }>
}

/** What carries a request in a parameter, by value or by reference. */
export interface CarriedSource {
  readonly parameter: 'request' | 'request_uri'
  /** Whether this value of the parameter is one of its kind. */
  takes(value: string): boolean
  /** Opens it, with no work that its size does not allow. */
  open(ctx: RequestContext, client: ClientRecord, value: string): Promise<OpenedSource>
}
