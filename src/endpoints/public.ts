import { authorizeUrl } from '../flow/urls.ts'
import type { Discovered, Endpoint } from '../http/endpoint.ts'
import { logout } from '../logout/rp-initiated.ts'
import { authorize } from '../public/authorize.ts'
import { checkSession } from '../public/check-session.ts'
import { deviceVerify } from '../public/device-verify.ts'
import { discovery } from '../public/discovery.ts'
import { docs, llms } from '../public/docs.ts'
import { alive, ready } from '../public/health.ts'
import { jwks } from '../public/jwks.ts'
import { openApi } from '../public/openapi.ts'
import { clientCalls, issuerOf, registrationEndpoints } from './public-clients.ts'
import {
  authorizationRequest,
  gives,
  keySet,
  leadsOn,
  object,
  page,
  plain,
  refuses,
  text,
  url,
  verifiers,
} from './schemas.ts'

/** Health checks; they are available over the service binding too (contract 1.3.11). */
export const healthEndpoints: readonly Endpoint[] = (
  [
    ['/health/alive', alive, 'Whether the Worker runs', {}],
    ['/health/ready', ready, 'Whether storage, ledgers and keys can be used', refuses(503)],
  ] as const
).map(([path, handler, summary, refusals]) => ({
  path,
  methods: ['GET'],
  handler,
  cors: 'server',
  body: 'none',
  rate: 'none',
  wire: () => ({
    summary,
    answers: { 200: gives('It does.', object({ status: text }, 'status')), ...refusals },
  }),
}))

/** Public documents; `members` is what all endpoints add to the metadata document. */
const documents = (members: Discovered): readonly Endpoint[] => [
  ...['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'].map(
    (path): Endpoint => ({
      path,
      methods: ['GET'],
      handler: discovery(members),
      cors: 'client',
      body: 'none',
      rate: 'none',
      wire: () => ({
        summary: 'Metadata of the server (RFC 8414, OpenID Connect Discovery 1.0)',
        answers: { 200: gives('The metadata.', object({ issuer: url }, 'issuer')), ...refuses(503) },
      }),
    }),
  ),
  {
    path: '/.well-known/jwks.json',
    methods: ['GET'],
    handler: jwks,
    cors: 'client',
    body: 'none',
    rate: 'none',
    discovery: (config) => ({
      jwks_uri: config.endpoints.jwks ?? `${issuerOf(config)}/.well-known/jwks.json`,
    }),
    wire: () => ({
      summary: 'Public keys (RFC 7517)',
      answers: { 200: gives('The keys.', keySet), ...refuses(503) },
    }),
  },
  {
    path: '/openapi.json',
    methods: ['GET'],
    handler: openApi,
    cors: 'server',
    body: 'none',
    rate: 'browser',
    wire: () => ({
      summary: 'This document',
      answers: {
        200: gives('An OpenAPI 3.1 document.', object({ openapi: text }, 'openapi')),
        ...refuses(404, 503),
      },
    }),
  },
  ...(
    [
      ['/docs/:room?/:page?', docs, 'The documents, as pages', page],
      ['/llms.txt', llms, 'The list of the documents, for machines', plain],
    ] as const
  ).map(
    ([path, handler, summary, answer]): Endpoint => ({
      path,
      methods: ['GET'],
      handler,
      cors: 'none',
      body: 'none',
      rate: 'browser',
      wire: () => ({ summary, answers: { 200: answer, ...refuses(404, 503) } }),
    }),
  ),
]

/** Parameters of a logout (OpenID Connect RP-Initiated Logout 1.0 section 2). */
const logoutRequest = {
  ...{ id_token_hint: text, logout_hint: text, client_id: text, post_logout_redirect_uri: text },
  ...{ state: text, ui_locales: text },
}

/** Endpoints for browsers that clients or devices send here. */
const forBrowsers: readonly Endpoint[] = [
  {
    path: '/oauth2/auth',
    methods: ['GET', 'POST'],
    handler: authorize,
    cors: 'server',
    body: 'form',
    rate: 'browser',
    discovery: (config) => ({ authorization_endpoint: authorizeUrl(config) }),
    wire: () => ({
      summary: 'Authorization endpoint (RFC 6749 section 3.1)',
      query: { ...authorizationRequest, ...verifiers },
      body: object(authorizationRequest),
      answers: { 200: page, 302: leadsOn, 303: leadsOn },
    }),
  },
  {
    path: '/oauth2/device/verify',
    methods: ['GET'],
    handler: deviceVerify,
    cors: 'server',
    body: 'none',
    rate: 'browser',
    wire: () => ({
      summary: 'Where the user of a device goes (RFC 8628 section 3.3)',
      query: { user_code: text, client_id: text, prompt: text, device_verifier: text, ...verifiers },
      answers: { 302: leadsOn, ...refuses(400) },
    }),
  },
  {
    path: '/oauth2/sessions/logout',
    methods: ['GET', 'POST'],
    handler: logout,
    cors: 'server',
    body: 'form',
    rate: 'browser',
    discovery: (config) => ({ end_session_endpoint: `${issuerOf(config)}/oauth2/sessions/logout` }),
    wire: () => ({
      summary: 'Logout endpoint (OpenID Connect RP-Initiated Logout 1.0)',
      query: { ...logoutRequest, logout_verifier: text },
      body: object(logoutRequest),
      answers: { 200: page, 302: leadsOn },
    }),
  },
  {
    path: '/admin/oauth2/auth/sessions/login/revoke',
    methods: ['GET'],
    handler: logout,
    cors: 'none',
    body: 'none',
    rate: 'browser',
    wire: () => ({
      summary: 'Logout endpoint, as v1.0-beta has it',
      query: logoutRequest,
      answers: { 200: page, 302: leadsOn },
    }),
  },
  {
    path: '/oauth2/sessions/check',
    methods: ['GET'],
    handler: checkSession,
    cors: 'server',
    body: 'none',
    rate: 'none',
    discovery: ({ sessionManagement, urls }) =>
      sessionManagement ? { check_session_iframe: `${urls.public}/oauth2/sessions/check` } : {},
    wire: () => ({
      summary: 'Frame that watches the session (Session Management 1.0)',
      answers: { 200: page },
    }),
  },
]

/** The public endpoints; `members` is what all endpoints add to the metadata document. */
export const publicEndpoints = (members: Discovered): readonly Endpoint[] => [
  ...documents(members),
  ...clientCalls,
  ...registrationEndpoints,
  ...forBrowsers,
]
