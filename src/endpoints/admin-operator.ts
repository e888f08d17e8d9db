import { getAudit } from '../admin/audit.ts'
import { deleteCopies } from '../admin/copies.ts'
import { explainBody, postExplain } from '../admin/explain.ts'
import { getGrants } from '../admin/grants.ts'
import { metrics } from '../admin/metrics.ts'
import { status } from '../admin/status.ts'
import { version } from '../admin/version.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { adminEndpoint as endpoint } from './admin-endpoint.ts'
import { done, flag, gives, instant, list, object, paging, refuses, text, whole } from './schemas.ts'

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
    { version: text, isolate: object({}), migrations: object({}), cron: object({}), settings: object({}) },
    'version',
  )

const check = (): ReturnType<typeof object> =>
  object(
    {
      check: text,
      outcome: text,
      error: text,
      reason: text,
      cause: text,
      fix: text,
      facts: object({}),
      nearest: text,
    },
    ...['check', 'outcome'],
  )

const explanation = (): ReturnType<typeof object> =>
  object(
    {
      ...{ kind: text, state: text, cause: text, fix: text, ended_by: text, ended_at: instant },
      ...{
        client: object({ client_id: text, client_name: text, exists: flag, is_the_same: flag }, 'client_id'),
      },
      ...{ subject: text, consent_request_id: text, decision: text, redirect_uri: text, issuer: text },
      login_session: object({ sid: text, authenticated_at: instant, active: flag, ended_at: instant }, 'sid'),
      ...{ scope: text, audience: list(text), requested_scope: text, requested_audience: list(text) },
      ...{ granted_at: instant, issued_at: instant, expires_at: instant, needs_code_verifier: flag },
      jwt: object({ alg: text, typ: text, claims: list(text) }),
      key: object({ kid: text, set: text, is_published: flag }),
      checks: list(check()),
    },
    ...['kind', 'state', 'cause'],
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
  endpoint(
    'POST',
    '/explain',
    postExplain,
    () => ({
      summary: 'Explain a token, code, challenge or authorization URL, also a dead one',
      body: explainBody,
      answers: { 200: gives('What it is, and what has become of it.', explanation()), ...refuses(429) },
    }),
    'public-json',
  ),
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
