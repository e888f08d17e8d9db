import type { OAuthError } from './errors/oauth-error.ts'
import type { RequestBody } from './http/body.ts'
import type { LogFields } from './http/log.ts'
import type { Network } from './http/network.ts'
import type { Runtime } from './runtime.ts'

export type { LogFields } from './http/log.ts'

/** Security events that get a log line of their own. */
export type AuditEvent =
  | 'token.issued'
  | 'token.refreshed'
  | 'token.grace_hit'
  | 'token.fast_forward'
  | 'token.reuse_detected'
  | 'token.revoked'
  | 'credential.issued'
  | 'consent.granted'
  | 'consent.rejected'
  | 'consent.revoked'
  | 'device.approved'
  | 'device.denied'
  | 'session.started'
  | 'session.ended'
  | 'client.created'
  | 'client.changed'
  | 'client.deleted'
  | 'issuer.trusted'
  | 'issuer.removed'
  | 'client.secret_rotated'
  | 'client.registration_token_replaced'
  | 'client.rotated_secrets_dropped'
  | 'client.tokens_deleted'
  | 'key.created'
  | 'key.replaced'
  | 'key.deleted'

/**
 * Who acts through the admin API: the API key by its name, the entrypoint of a service binding, or anybody on this
 * machine.
 */
export type Actor = `key:${string}` | `binding:${string}` | 'open'

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
  /** Writes an audit line. */
  audit(event: AuditEvent, fields: LogFields): void
  /** Adds the reason of a refusal to the request's log line, when the answer is a redirect or a page. */
  refused(error: OAuthError): void
  /** Adds to the request's log line what was taken, but has no effect or is weak. */
  warned(problems: readonly string[]): void
  /** Adds the client to the request's log line. */
  seen(clientId: string): void
  /** Notes the id by which the request names its client. It may be anything, so it is not logged. */
  named(clientId: string): void
  /** Notes who acts through the admin API, once that is allowed. */
  acts(actor: Actor): void
  /** The actor given to `acts`; null at public endpoints. */
  readonly actor: Actor | null
  /** The client given to `seen`, or else to `named`, if any. */
  readonly clientId: string | null
}

/** Hono's type parameters for every route. */
export interface AppEnv {
  Bindings: import('./env.ts').Env
  Variables: {
    ctx: RequestContext
    /** The request's body; set by the endpoint's frame. */
    body: RequestBody
  }
}
