import type { Env } from './env.ts'
import type { OAuthError } from './errors/oauth-error.ts'
import type { RequestBody } from './http/body.ts'
import type { LogFields } from './http/log.ts'
import type { Network } from './http/network.ts'
import type { Language } from './languages/languages.ts'
import type { Owner } from './ledger/owner.ts'
import type { Runtime } from './runtime.ts'
import type { AuditEvent } from './telemetry/audit-events.ts'

export type { LogFields } from './http/log.ts'
export type { AuditEvent } from './telemetry/audit-events.ts'

/**
 * Who acts through the admin API: the API key by its name, the entrypoint of a service binding, or anybody on this
 * machine.
 */
export type Actor = `key:${string}` | `binding:${string}` | 'open'

/** What a token request came to. */
export interface Outcome {
  readonly grant_type?: string
  readonly grant?: string
  /** The generation of the refresh token, and how the ledger came to it. */
  readonly generation?: number
  readonly via?: string
}

/** What a handler knows about the HTTP request, beside the request itself. */
export interface RequestContext {
  readonly rt: Runtime
  readonly requestId: string
  /** The network that the request comes from; null where none is told. */
  readonly network: Network | null
  /** Identifies this request to the ledger: repeated calls with the same attempt get the same answer. */
  readonly attempt: string
  /** Runs work after the response (`waitUntil`). */
  defer(work: Promise<unknown>): void
  /**
   * Writes an audit line, before the answer leaves.
   *
   * @param owner - the ledger of the subject whose account it is about, which the line names by a keyed hash
   */
  audit(event: AuditEvent, fields: LogFields, owner?: Owner): void
  /** Adds to the request's log line what the request came to. */
  told(outcome: Outcome): void
  /** Adds the reason of a refusal to the request's log line, when the answer is a redirect or a page. */
  refused(error: OAuthError): void
  /** Adds to the request's log line what was taken, but has no effect or is weak. */
  warned(problems: readonly string[]): void
  /** Adds the client to the request's log line. */
  seen(clientId: string): void
  /** Notes how to find the id by which the request names its client. It may be anything, so it is not logged. */
  named(find: () => string | undefined): void
  /** Notes the client that proved who it is, which audit lines then name as the one who acts. */
  proved(clientId: string): void
  /** Notes who acts through the admin API, once that is allowed. */
  acts(actor: Actor): void
  /** Returns who was given to `acts`, if anybody. */
  actor(): Actor | null
  /** Returns the client given to `seen`, or else the one found by `named`, if any. */
  client(): string | null
}

/** One request on its way through the router, and what became of it there. Handlers find it as `c.env`. */
export interface Exchange {
  readonly bindings: Env
  readonly ctx: RequestContext
  /** The pattern of the route that took the request; `undefined` until one did. */
  route: string | undefined
  /** What a handler threw. */
  error: Error | undefined
}

/** Answers a request that has its context. */
export type Route = (
  request: Request,
  exchange: Exchange,
  executionCtx: ExecutionContext,
) => Response | Promise<Response>

/** Hono's type parameters for every route. */
export interface AppEnv {
  Bindings: Exchange
  Variables: {
    /** As in the exchange. Hono makes `c.var` anew each time: what many requests do asks for `c.env.ctx`. */
    ctx: RequestContext
    /** The request's body; set by the endpoint's frame. */
    body: RequestBody
    /** The query of the request that a page is about; see `speakAs` (http/page-text.ts). */
    spoken?: string
    /** The language of the request's pages, once a page asked for it (http/page-text.ts). */
    language?: Language | undefined
  }
}
