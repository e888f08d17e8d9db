import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'
import { malformedBody } from '../errors/refusals.ts'
import { type Parameters, readAdminQuery } from '../http/form.ts'
import { ownerOf } from '../ledger/owner.ts'
import { type AuditEntry, auditTime } from '../store/audit-log.ts'
import { subjectHash } from '../telemetry/subject-hash.ts'
import { type Seconds, seconds } from '../util/clock.ts'
import { parseRfc3339, rfc3339 } from '../util/rfc3339.ts'
import { readFilter } from './filters.ts'
import { respondWithPage } from './pagination.ts'

const PATH = '/admin/audit'

/** Names the hash of the subject that was asked for, by which its lines are found in the log. */
const HASH_HEADER = 'ladon-subject-hash'

/**
 * GET /admin/audit: what operators changed, the newest first (contract 1.4.9). A `subject` is looked for by its hash,
 * which the answer names. Throws `malformed_body` for an empty filter, and for a time that is none.
 */
export async function getAudit(c: Context<AppEnv>): Promise<Response> {
  const { auditLog, roots } = c.var.ctx.rt
  const query = readAdminQuery(c.req.url)
  const subject = readFilter(query, 'subject')
  const named = {
    event: readFilter(query, 'event'),
    actor: readFilter(query, 'actor'),
    client_id: readFilter(query, 'client_id'),
  }
  const subHash = subject === null ? null : await subjectHash(roots, ownerOf('subject', subject, 'none'))
  const filter = {
    event: named.event,
    actor: named.actor,
    clientId: named.client_id,
    subHash,
    since: timeIn(query, 'since'),
    until: timeIn(query, 'until'),
  }
  const answer = await respondWithPage(c, {
    path: PATH,
    filters: { ...named, subject, since: readFilter(query, 'since'), until: readFilter(query, 'until') },
    page: (place) => auditLog.list({ ...filter, ...place }),
    count: () => auditLog.count(filter),
    render,
  })
  if (subHash !== null) answer.headers.set(HASH_HEADER, subHash)
  return answer
}

/** Reads a time of the query (RFC 3339); null if there is none. */
function timeIn(query: Parameters, parameter: string): Seconds | null {
  const text = readFilter(query, parameter)
  if (text === null) return null
  const time = parseRfc3339(text)
  if (time === undefined)
    throw malformedBody('parameter_malformed', { parameter, expected: 'an RFC 3339 time' })
  return seconds(time)
}

const render = ({ id, entry }: AuditEntry): object => ({ ...entry, id, at: rfc3339(auditTime(id)) })
