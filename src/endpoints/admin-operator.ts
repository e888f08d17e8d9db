import { getAudit } from '../admin/audit.ts'
import { metrics } from '../admin/metrics.ts'
import { status } from '../admin/status.ts'
import { version } from '../admin/version.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { adminEndpoint as endpoint } from './admin-endpoint.ts'
import { gives, instant, list, object, paging, text } from './schemas.ts'

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

/** Endpoints for the server itself and what operators did with it (contract 1.1, 1.4.9). */
export const operatorEndpoints: readonly Endpoint[] = [
  endpoint('GET', '/audit', getAudit, () => ({
    summary: 'List what operators changed',
    query: {
      ...paging,
      ...{ subject: text, client_id: text, actor: text, event: text, since: instant, until: instant },
    },
    answers: { 200: gives('A page of audit entries, the newest first.', list(auditEntry())) },
  })),
  endpoint('GET', '/version', version, () => ({
    summary: 'Version',
    answers: { 200: gives('The release.', object({ version: text }, 'version')) },
  })),
  endpoint('GET', '/status', status, () => ({
    summary: 'Keys, migrations, the scheduled job, and the trouble of the isolate that answers',
    answers: { 200: gives('The status.', statusAnswer()) },
  })),
  endpoint('GET', '/metrics/prometheus', metrics, () => ({
    summary: 'The same for Prometheus',
    answers: { 200: { description: 'The metrics.', content: { 'text/plain': text } } },
  })),
]
