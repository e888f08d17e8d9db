import {
  getConsent,
  getLogin,
  getLogout,
  putConsentAccept,
  putConsentReject,
  putDeviceAccept,
  putLoginAccept,
  putLoginReject,
  putLogoutAccept,
  putLogoutReject,
} from '../admin/flows.ts'
import { listConsents, listLogins, revokeConsents, revokeLogins } from '../admin/sessions.ts'
import { deleteSubject, getSubject } from '../admin/subjects.ts'
import { acceptConsentBody, acceptLoginBody, rejectBody } from '../flow/bodies.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { adminEndpoint as endpoint } from './admin-endpoint.ts'
import { done, flag, gives, goesOn, instant, list, object, paging, refuses, text } from './schemas.ts'
import { v1ConsentRequest, v1Consents, v1LoginRequest, v1LogoutRequest } from './v1-members.ts'

/** Answers to a decision, for any state of the request: a 410 says where to start again. */
const decided = { 200: goesOn, 410: goesOn, ...refuses(404) }
const shown = {
  200: gives('The request.', object({ challenge: text }, 'challenge')),
  410: goesOn,
  ...refuses(404),
}
/** The shorter name is that of v1.0-beta. */
const byChallenge = (step: string) => ({ [`${step}_challenge`]: text, challenge: text })

const v1Requests = { login: v1LoginRequest, consent: v1ConsentRequest }

/**
 * Endpoints that show a login or consent request and take the app's decision; the challenge may be in the path, as in
 * v1.0-beta.
 */
const requests = (
  step: 'login' | 'consent',
  [show, accept, reject]: readonly [Endpoint['handler'], Endpoint['handler'], Endpoint['handler']],
  acceptBody: typeof acceptLoginBody | typeof acceptConsentBody,
): readonly Endpoint[] => {
  const path = `/oauth2/auth/requests/${step}`
  const query = byChallenge(step)
  return [
    endpoint('GET', `${path}/:challenge?`, show, () => ({
      summary: `Get a ${step} request`,
      query,
      answers: shown,
      v1: v1Requests[step],
    })),
    endpoint(
      'PUT',
      `${path}/accept/:challenge?`,
      accept,
      () => ({ summary: `Accept a ${step} request`, query, body: acceptBody, answers: decided }),
      'json',
    ),
    endpoint(
      'PUT',
      `${path}/reject/:challenge?`,
      reject,
      () => ({ summary: `Reject a ${step} request`, query, body: rejectBody, answers: decided }),
      'json',
    ),
  ]
}

/** Requests that wait for one of the operator's apps (contract 1.4.2). */
export const flowEndpoints: readonly Endpoint[] = [
  endpoint(
    'PUT',
    '/oauth2/auth/requests/device/accept',
    putDeviceAccept,
    () => ({
      summary: 'Accept a user code',
      query: byChallenge('device'),
      body: object({ user_code: text }, 'user_code'),
      answers: decided,
    }),
    'json',
    { rate: 'user_code' },
  ),
  endpoint('GET', '/oauth2/auth/requests/logout', getLogout, () => ({
    summary: 'Get a logout request',
    query: byChallenge('logout'),
    answers: shown,
    v1: v1LogoutRequest,
  })),
  endpoint('PUT', '/oauth2/auth/requests/logout/accept', putLogoutAccept, () => ({
    summary: 'Accept a logout request',
    query: byChallenge('logout'),
    answers: decided,
  })),
  endpoint('PUT', '/oauth2/auth/requests/logout/reject', putLogoutReject, () => ({
    summary: 'Reject a logout request',
    query: byChallenge('logout'),
    answers: { 204: done, ...refuses(404) },
  })),
  ...requests('login', [getLogin, putLoginAccept, putLoginReject], acceptLoginBody),
  ...requests('consent', [getConsent, putConsentAccept, putConsentReject], acceptConsentBody),
]

const clients = list(object({ client_id: text, client_name: text }, 'client_id'))
const loginSession = object(
  {
    sid: text,
    subject: text,
    authenticated_at: instant,
    remember: flag,
    expires_at: instant,
    last_used_at: instant,
    clients,
  },
  ...['sid', 'subject', 'authenticated_at', 'remember', 'last_used_at', 'clients'],
)

/** Consents and logins of a subject (contract 1.4.3), also under the paths of v1.0-beta. */
export const sessionEndpoints: readonly Endpoint[] = [
  endpoint('GET', '/oauth2/auth/sessions/consent/:subject?', listConsents, () => ({
    summary: "List a subject's consents",
    query: { ...paging, subject: text, login_session_id: text },
    answers: { 200: gives('A page of consents.', list(object({ consent_request_id: text }))) },
    v1: v1Consents,
  })),
  endpoint('DELETE', '/oauth2/auth/sessions/consent/:subject?/:client?', revokeConsents, () => ({
    summary: 'Revoke consents',
    query: { subject: text, client: text, all: text, consent_request_id: text },
    answers: { 204: done },
  })),
  endpoint('GET', '/oauth2/auth/sessions/login', listLogins, () => ({
    summary: "List a subject's open login sessions",
    query: { ...paging, subject: text },
    answers: { 200: gives('A page of login sessions.', list(loginSession)) },
  })),
  endpoint('DELETE', '/oauth2/auth/sessions/login/:subject?', revokeLogins, () => ({
    summary: 'End logins',
    query: { subject: text, sid: text },
    answers: { 204: done },
  })),
]

const session = object({ sid: text, active: flag }, 'sid', 'active')
const consent = object({ consent_request_id: text, client_id: text }, 'consent_request_id', 'client_id')

/** All that is stored about a subject (contract 1.4.8). */
export const subjectEndpoints: readonly Endpoint[] = [
  endpoint('GET', '/subjects/:subject', getSubject, () => ({
    summary: 'Show what is stored about a subject',
    query: paging,
    answers: {
      200: gives(
        'A page of it.',
        object(
          {
            subject: text,
            sessions: list(session),
            consents: list(consent),
            notices: list(object({})),
            grants_book: list(object({})),
            clients,
          },
          ...['subject', 'sessions', 'consents', 'notices', 'clients'],
        ),
      ),
    },
  })),
  endpoint('DELETE', '/subjects/:subject', deleteSubject, () => ({
    summary: 'Erase a subject',
    answers: {
      200: gives(
        'Erased, but the clients of some sessions could not be told.',
        object({ untold_sessions: list(text) }, 'untold_sessions'),
      ),
      204: done,
    },
  })),
]
