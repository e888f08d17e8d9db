import type { RootKeys } from '../crypto/root-keys.ts'
import { type LogFields, logLine, scrubbed } from '../http/log.ts'
import { type Network, neighbourhood } from '../http/network.ts'
import type { Owner } from '../ledger/owner.ts'
import { type AuditLog, auditId } from '../store/audit-log.ts'
import type { Milliseconds } from '../util/clock.ts'
import { withTimeout } from '../util/with-timeout.ts'
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

/** How long an answer waits for the copies in D1, ms. */
const KEEP_MS = 2000
/** How often they are written before that is given up, and the pause before the second try, ms. */
const TRIES = 3
const PAUSE_MS = 100
/** The largest number of texts in a list of a copy: a page of 500 copies stays far below what an answer may have. */
const MAX_TEXTS = 20

/**
 * Writes the audit lines of a request, after it did its work and before it is answered.
 *
 * @returns what the lines say
 */
export async function writeAudit(
  roots: Pick<RootKeys, 'oldest'>,
  acting: Acting,
  audited: readonly Audited[],
): Promise<readonly LogFields[]> {
  const entries = await Promise.all(audited.map((one) => entryOf(roots, acting, one)))
  for (const entry of entries) logLine('audit', entry)
  return entries
}

async function entryOf(
  roots: Pick<RootKeys, 'oldest'>,
  { requestId, operator, client, network }: Acting,
  { event, fields, owner }: Audited,
): Promise<LogFields> {
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

/**
 * Copies the audit lines of an operator's request into D1. An answer waits for it a little, so that what was
 * acknowledged is also there; but no change is held up by it, least of all in an emergency. A failure is logged: the
 * lines themselves are written by then.
 *
 * @param at - the time of the request, milliseconds since the epoch
 * @param defer - lets work go on after the answer
 */
export async function keepAudit(
  log: Pick<AuditLog, 'record'>,
  entries: readonly LogFields[],
  requestId: string,
  at: Milliseconds,
  defer: (work: Promise<unknown>) => void,
): Promise<void> {
  const copies = entries.map((entry, index) => ({
    id: auditId(at, requestId, index),
    entry: scrubbed(entry, MAX_TEXTS),
  }))
  const kept = record(log, copies).catch(() =>
    logLine('audit.unsaved', { request_id: requestId, count: copies.length }),
  )
  defer(kept)
  await withTimeout(kept, KEEP_MS, () => new Error()).catch(() => undefined)
}

async function record(
  log: Pick<AuditLog, 'record'>,
  copies: Parameters<AuditLog['record']>[0],
): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await log.record(copies)
    } catch (thrown) {
      if (tried === TRIES) throw thrown
      await scheduler.wait(PAUSE_MS * 2 ** (tried - 1))
    }
  }
}
