import type { OAuthError } from './errors/oauth-error.ts'
import type { RequestBody } from './http/body.ts'
import type { LogFields } from './http/log.ts'
import type { Runtime } from './runtime.ts'

export type { LogFields } from './http/log.ts'

/** Security events worth a line of their own in the log. */
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

/** What a handler knows of the HTTP request it answers, beside the request itself. */
export interface RequestContext {
  readonly rt: Runtime
  readonly requestId: string
  /** Names this request to the ledger: repeated calls under one attempt get one answer. */
  readonly attempt: string
  /** Lets work outlive the response (`waitUntil`). */
  defer(work: Promise<unknown>): void
  /** Writes an audit line; names the client in the request's own line too. */
  audit(event: AuditEvent, fields: LogFields): void
  /** Names in the request's line why it was refused, where the answer is a redirect or a page. */
  refused(error: OAuthError): void
  /** Names the client in the request's log line. */
  seen(clientId: string): void
  /** The client named so far, if any. */
  readonly clientId: string | null
}

/** Hono's type parameters for every route. */
export interface AppEnv {
  Bindings: import('./env.ts').Env
  Variables: {
    ctx: RequestContext
    /** The request's body, set by the frame of the endpoint. */
    body: RequestBody
  }
}
