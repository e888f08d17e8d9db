import type { Config } from '../config/types.ts'
import type { Discovered, Endpoint } from '../http/endpoint.ts'
import { credentialRequest, credentials } from '../public/credentials.ts'
import { deviceAuthorization } from '../public/device-authorization.ts'
import { manageRegistration, register } from '../public/register.ts'
import { revoke } from '../public/revoke.ts'
import { token } from '../public/token.ts'
import { userinfo } from '../public/userinfo.ts'
import { CREDENTIAL_ALGORITHMS, CREDENTIAL_FORMAT, CREDENTIAL_TYPES } from '../tokens/credential.ts'
import {
  audiences,
  client,
  clientAuthentication,
  clientBody,
  done,
  gives,
  object,
  refuses,
  text,
  tokens,
  url,
  whole,
} from './schemas.ts'
import { v1Registration } from './v1-members.ts'

/** The issuer without a trailing slash: the base of some endpoint URLs in the metadata document. */
export const issuerOf = ({ urls }: Config): string => urls.issuer.replace(/\/+$/, '')

/** An access token may be in the query, if nowhere else (RFC 6750 section 2.3). */
const byQuery = { access_token: text }

/** Endpoints that clients call directly. */
export const clientCalls: readonly Endpoint[] = [
  {
    path: '/oauth2/token',
    methods: ['POST'],
    handler: token,
    cors: 'client',
    body: 'form',
    rate: 'client',
    discovery: ({ endpoints, urls }) => ({
      token_endpoint: endpoints.token ?? `${urls.public}/oauth2/token`,
    }),
    wire: () => ({
      summary: 'Token endpoint (RFC 6749 section 3.2)',
      body: object(
        {
          ...clientAuthentication,
          grant_type: text,
          code: text,
          redirect_uri: text,
          code_verifier: text,
          refresh_token: text,
          device_code: text,
          assertion: text,
          scope: text,
          ...audiences,
        },
        'grant_type',
      ),
      answers: { 200: gives('Tokens.', tokens), ...refuses(400, 401, 403, 413, 500, 503) },
    }),
  },
  {
    path: '/oauth2/revoke',
    methods: ['POST'],
    handler: revoke,
    cors: 'client',
    body: 'form',
    rate: 'client',
    discovery: (config) => ({ revocation_endpoint: `${issuerOf(config)}/oauth2/revoke` }),
    wire: () => ({
      summary: 'Revocation endpoint (RFC 7009)',
      body: object({ ...clientAuthentication, token: text, token_type_hint: text }, 'token'),
      answers: { 200: done, ...refuses(400, 401, 413, 503) },
    }),
  },
  {
    path: '/oauth2/device/auth',
    methods: ['POST'],
    handler: deviceAuthorization,
    cors: 'server',
    body: 'form',
    rate: 'device',
    discovery: ({ endpoints, urls }) => ({
      device_authorization_endpoint: endpoints.device ?? `${urls.public}/oauth2/device/auth`,
    }),
    wire: () => ({
      summary: 'Device authorization endpoint (RFC 8628 section 3.1)',
      body: object({ ...clientAuthentication, scope: text, ...audiences }, 'client_id'),
      answers: {
        200: gives(
          'The codes.',
          object(
            {
              device_code: text,
              user_code: text,
              verification_uri: url,
              verification_uri_complete: url,
              expires_in: whole,
              interval: whole,
            },
            'device_code',
            'user_code',
            'verification_uri',
            'expires_in',
          ),
        ),
        ...refuses(400, 401, 413, 503),
      },
    }),
  },
  {
    path: '/userinfo',
    methods: ['GET', 'POST'],
    handler: userinfo,
    cors: 'client',
    body: 'form',
    rate: 'client',
    discovery: ({ endpoints, urls }) => ({
      userinfo_endpoint: endpoints.userinfo ?? `${urls.public}/userinfo`,
    }),
    wire: () => ({
      summary: 'Userinfo endpoint (OpenID Connect Core 1.0 section 5.3)',
      query: byQuery,
      body: object({ access_token: text }),
      answers: {
        200: {
          description: 'Claims about the user.',
          content: { 'application/json': object({ sub: text }), 'application/jwt': text },
        },
        ...refuses(400, 401, 413, 503),
      },
    }),
  },
  {
    path: '/credentials',
    methods: ['POST'],
    handler: credentials,
    cors: 'client',
    body: 'public-json',
    rate: 'client',
    discovery: ({ credentialsUrl, urls }) => ({
      credentials_endpoint_draft_00: credentialsUrl ?? `${urls.public}/credentials`,
      credentials_supported_draft_00: [
        {
          format: CREDENTIAL_FORMAT,
          types: CREDENTIAL_TYPES,
          cryptographic_binding_methods_supported: ['jwk'],
          cryptographic_suites_supported: CREDENTIAL_ALGORITHMS,
        },
      ],
    }),
    wire: () => ({
      summary: 'A verifiable credential about the user (OpenID for Verifiable Credential Issuance, draft 00)',
      query: byQuery,
      body: credentialRequest,
      answers: {
        200: gives('The credential.', object({ format: text, credential_draft_00: text }, 'format')),
        ...refuses(400, 401, 413, 503),
      },
    }),
  },
]

/** Dynamic registration (RFC 7591, RFC 7592), under Hydra's path and the one that Hydra's documentation had before. */
export const registrationEndpoints: readonly Endpoint[] = ['/oauth2/register', '/connect/register'].flatMap(
  (path): readonly Endpoint[] => [
    {
      path,
      methods: ['POST'],
      handler: register,
      cors: 'server',
      body: 'public-json',
      rate: 'registration',
      ...(path === '/oauth2/register' && { discovery: registrationEndpoint }),
      wire: () => ({
        summary: 'A client registers itself (RFC 7591 section 3)',
        body: clientBody,
        answers: { 201: gives('The client.', client), ...refuses(400, 401, 404, 413, 503) },
        ...(path === '/connect/register' && { v1: v1Registration }),
      }),
    },
    {
      path: `${path}/:id`,
      methods: ['GET', 'PUT', 'DELETE'],
      handler: manageRegistration(path === '/connect/register' ? v1Registration : undefined),
      cors: 'server',
      body: 'public-json',
      rate: 'registration',
      wire: () => ({
        summary: 'A client manages its registration (RFC 7592 section 2)',
        query: byQuery,
        body: clientBody,
        answers: { 200: gives('The client.', client), 204: done, ...refuses(400, 401, 403, 404, 413, 503) },
        ...(path === '/connect/register' && { v1: v1Registration }),
      }),
    },
  ],
)

function registrationEndpoint({
  registration: { enabled, url: elsewhere },
  urls,
}: Config): ReturnType<Discovered> {
  const endpoint = elsewhere ?? (enabled ? `${urls.public}/oauth2/register` : undefined)
  return endpoint === undefined ? {} : { registration_endpoint: endpoint }
}
