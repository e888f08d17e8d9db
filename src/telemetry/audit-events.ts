/** How much attention an event deserves: none by itself, a look, or somebody at once. */
export type AuditLevel = 'info' | 'warning' | 'alert'

/** What is known of an event before it happens. */
interface AuditedEvent {
  readonly level: AuditLevel
  /** Who acted if neither an operator nor a client proved who they are: the user in the browser, or anybody. */
  readonly otherwise: 'user' | 'anonymous'
  /** Whether the line names the network of whoever acted, although that is no operator. */
  readonly network?: true
}

const byUser = { level: 'info', otherwise: 'user' } as const
const byAnybody = { level: 'info', otherwise: 'anonymous' } as const

/**
 * Every event that gets an audit line, which is never sampled. Routine issue and refresh are fields of the request's
 * line. What an operator does through the admin API is kept in D1 too.
 */
const EVENTS = {
  'session.started': byUser,
  'session.ended': byUser,
  'consent.granted': byUser,
  'consent.rejected': byUser,
  'consent.revoked': byUser,
  'device.approved': byUser,
  'device.denied': byUser,
  'token.revoked': byUser,
  'token.reuse_detected': { level: 'alert', otherwise: 'anonymous' },
  'token.fast_forward': { level: 'warning', otherwise: 'anonymous' },
  'guess.braked': { level: 'warning', otherwise: 'anonymous', network: true },
  'subject.erased': byAnybody,
  'subject.erasure_incomplete': { level: 'warning', otherwise: 'anonymous' },
  'text.explained': byAnybody,
  'client.created': byAnybody,
  'client.changed': byAnybody,
  'client.deleted': byAnybody,
  'client.secret_rotated': byAnybody,
  'client.rotated_secrets_dropped': byAnybody,
  'client.registration_token_replaced': byAnybody,
  'client.tokens_deleted': byAnybody,
  'copies.dropped': byAnybody,
  'initial_access_token.created': byAnybody,
  'initial_access_token.revoked': byAnybody,
  'issuer.trusted': byAnybody,
  'issuer.removed': byAnybody,
  'key.created': byAnybody,
  'key.replaced': byAnybody,
  'key.deleted': byAnybody,
  'key.exported': byAnybody,
} as const satisfies Readonly<Record<string, AuditedEvent>>

/** Security events that get a log line of their own. */
export type AuditEvent = keyof typeof EVENTS

/** What is known of each event. */
export const AUDIT_EVENTS: Readonly<Record<AuditEvent, AuditedEvent>> = EVENTS
