import { getAudit } from '../admin/audit.ts'
import { deleteCopies } from '../admin/copies.ts'
import { getGrants } from '../admin/grants.ts'
import { metrics } from '../admin/metrics.ts'
import { status } from '../admin/status.ts'
import { version } from '../admin/version.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { adminEndpoint as endpoint } from './admin-endpoint.ts'
import { done, gives, instant, list, object, paging, refuses, text, whole } from './schemas.ts'

const auditEntry = (): ReturnType<typeof object> =>
  object(
    { id: text, at: instant, event: text, level: text, actor: text, sub_hash: text },
    'id',
    'at',
    'event',
    'actor',
  )

const statusAnswer = (): ReturnType<typeof object> =>
  object(
    { version: text, isolate: object({}), migrations: object({}), cron: object({}), rows: object({}) },
    'version',
  )

const grant = (): ReturnType<typeof object> =>
  object(
    {
      subject: text,
      client_id: text,
      grant_scope: list(text),
      granted_at: instant,
      last_granted_at: instant,
      expires_at: instant,
      ended_at: instant,
    },
    'subject',
    'client_id',
    'grant_scope',
    'granted_at',
    'last_granted_at',
  )

/** Endpoints for the server itself, what operators did with it and what users granted (contract 1.1, 1.4.9, 1.4.11). */
export const operatorEndpoints: readonly Endpoint[] = [
  endpoint('GET', '/audit', getAudit, () => ({
    summary: 'List what operators changed',
    query: {
      ...paging,
      ...{ subject: text, client_id: text, actor: text, event: text, since: instant, until: instant },
    },
    answers: { 200: gives('A page of audit entries, the newest first.', list(auditEntry())) },
  })),
  endpoint('GET', '/grants', getGrants, () => ({
    summary: 'List who granted something to which client',
    query: { page_size: whole, page_token: text, client_id: text, subject: text },
    answers: { 200: gives('A page of the grants book.', list(grant())), ...refuses(404) },
  })),
  endpoint('GET', '/version', version, () => ({
    summary: 'Version',
    answers: { 200: gives('The release.', object({ version: text }, 'version')) },
  })),
  endpoint('GET', '/status', status, () => ({
    summary: 'Keys, migrations, the scheduled job, and the trouble of the isolate that answers',
    answers: { 200: gives('The status.', statusAnswer()) },
  })),
  endpoint('DELETE', '/copies', deleteCopies, () => ({
    summary: 'Have everything read from D1 again, after it was restored or changed by hand',
    answers: { 204: done },
  })),
  endpoint('GET', '/metrics/prometheus', metrics, () => ({
    summary: 'The same for Prometheus',
    answers: { 200: { description: 'The metrics.', content: { 'text/plain': text } } },
  })),
]
