import type { RootKeys } from '../crypto/root-keys.ts'
import { type LogFields, logLine } from '../http/log.ts'
import { type Network, neighbourhood } from '../http/network.ts'
import type { Owner } from '../ledger/owner.ts'
import { AUDIT_EVENTS, type AuditEvent } from './audit-events.ts'
import { subjectHash } from './subject-hash.ts'

/** An event of a request. */
export interface Audited {
  readonly event: AuditEvent
  readonly fields: LogFields
  /** The ledger of the subject whose account it is about; null for none. */
  readonly owner: Owner | null
}

/** Who is behind a request. */
export interface Acting {
  readonly requestId: string
  /** The operator by whose key or binding it came; null for none. */
  readonly operator: string | null
  /** The client that authenticated; null for none. */
  readonly client: string | null
  /** Where it came from; null if that is not told. */
  readonly network: Network | null
}

/** What an audit line says. A member that has nothing to say is absent. */
export type AuditEntry = LogFields & { readonly event: AuditEvent; readonly actor: string }

/**
 * Writes the audit lines of a request, after it did its work and before it is answered.
 *
 * @returns what the lines say
 */
export async function writeAudit(
  roots: Pick<RootKeys, 'oldest'>,
  acting: Acting,
  audited: readonly Audited[],
): Promise<readonly AuditEntry[]> {
  const entries = await Promise.all(audited.map((one) => entryOf(roots, acting, one)))
  for (const entry of entries) logLine('audit', entry)
  return entries
}

async function entryOf(
  roots: Pick<RootKeys, 'oldest'>,
  { requestId, operator, client, network }: Acting,
  { event, fields, owner }: Audited,
): Promise<AuditEntry> {
  const { level, otherwise, network: always = false } = AUDIT_EVENTS[event]
  const tells = network !== null && (operator !== null || always)
  const from = tells ? neighbourhood(network) : undefined
  // What happened is told even while the key of the hash cannot be read.
  const hash = owner === null ? undefined : await subjectHash(roots, owner).catch(() => undefined)
  return {
    event,
    level,
    request_id: requestId,
    actor: operator ?? (client === null ? otherwise : `client:${client}`),
    ...(from !== undefined && { network: from }),
    ...(hash !== undefined && { sub_hash: hash }),
    ...fields,
  }
}
