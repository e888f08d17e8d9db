import {
  getClient,
  getClients,
  patchClientById,
  postClient,
  postRotation,
  putClient,
  putLifespans,
  removeClient,
  removeRotated,
} from '../admin/clients.ts'
import type { AdminGuard } from '../admin/guard.ts'
import {
  getInitialAccessTokens,
  postInitialAccessToken,
  removeInitialAccessToken,
  tokenCreation,
} from '../admin/initial-access-tokens.ts'
import { getKeys, keyCreation, postKey, putKey, putKeys, removeKeys } from '../admin/keys.ts'
import { deleteTokens } from '../admin/tokens.ts'
import { trustBody } from '../admin/trust-body.ts'
import {
  getTrustedIssuer,
  getTrustedIssuers,
  postTrustedIssuer,
  removeTrustedIssuer,
} from '../admin/trusted-issuers.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { adminEndpoint as endpoint } from './admin-endpoint.ts'
import {
  client,
  clientBody,
  done,
  flag,
  gives,
  instant,
  key,
  keyBody,
  keySet,
  keySetBody,
  lifespans,
  list,
  object,
  paging,
  refuses,
  text,
  whole,
} from './schemas.ts'
import { v1Client, v1Key, v1KeySet, v1Trust } from './v1-members.ts'

const clientShown = { 200: gives('The client.', client), ...refuses(404) }
const clientMade = { 201: gives('The client.', client), ...refuses(409) }
const clientsShown = { 200: gives('A page of clients.', list(client)) }
const patch = list(
  object({ op: { enum: ['add', 'remove', 'replace'] }, path: text, value: {} }, 'op', 'path'),
)
const byName = { ...paging, client_name: text, owner: text }
/** Whether what would only be warned of is refused. */
const strict = { strict: flag }
const given = { query: strict, body: clientBody }
const gone = { 204: done, ...refuses(404) }

/** Endpoints for clients (contract 1.4.1, 1.4.5). */
export const clientEndpoints = (guard: AdminGuard): readonly Endpoint[] => [
  endpoint(
    'POST',
    '/clients',
    postClient(guard),
    () => ({ summary: 'Create a client', ...given, answers: clientMade, v1: v1Client }),
    'json',
  ),
  endpoint('GET', '/clients', getClients, () => ({
    summary: 'List clients',
    query: byName,
    answers: clientsShown,
    v1: v1Client,
  })),
  endpoint('GET', '/clients/:id', getClient, () => ({
    summary: 'Get a client',
    answers: clientShown,
    v1: v1Client,
  })),
  endpoint(
    'PUT',
    '/clients/:id',
    putClient(v1Client),
    () => ({ summary: 'Replace a client', ...given, answers: clientShown, v1: v1Client }),
    'json',
  ),
  endpoint(
    'PATCH',
    '/clients/:id',
    patchClientById,
    () => ({
      summary: 'Change a client by JSON Patch (RFC 6902)',
      query: strict,
      body: patch,
      answers: clientShown,
      v1: v1Client,
    }),
    'json',
  ),
  endpoint('DELETE', '/clients/:id', removeClient, () => ({ summary: 'Delete a client', answers: gone })),
  endpoint(
    'PUT',
    '/clients/:id/lifespans',
    putLifespans,
    () => ({
      summary: "Replace a client's lifespans",
      query: strict,
      body: lifespans,
      answers: clientShown,
      v1: v1Client,
    }),
    'json',
  ),
  endpoint('POST', '/clients/:id/secrets/rotate', postRotation, () => ({
    summary: 'Give a client a new secret',
    query: { client_secret_expires_at: whole },
    answers: clientShown,
  })),
  endpoint('DELETE', '/clients/:id/secrets/rotate', removeRotated, () => ({
    summary: "Forget a client's older secrets",
    answers: clientShown,
  })),
  endpoint('DELETE', '/oauth2/tokens', deleteTokens, () => ({
    summary: "End a client's access tokens",
    query: { client_id: text },
    answers: { 204: done },
  })),
]

const keysShown = { 200: gives('Keys; private members for API keys of scope all.', keySet) }

/** Endpoints for key sets (contract 1.4.6). */
export const keyEndpoints = (guard: AdminGuard): readonly Endpoint[] => [
  endpoint('GET', '/keys/:set/:kid?', getKeys(guard), () => ({
    summary: 'Get a key set, or one key of it',
    answers: { ...keysShown, ...refuses(404) },
    v1: v1KeySet,
  })),
  endpoint(
    'POST',
    '/keys/:set',
    postKey(guard),
    () => ({
      summary: 'Make a key',
      body: keyCreation,
      answers: { 201: keysShown[200], ...refuses(409) },
      v1: v1KeySet,
    }),
    'json',
  ),
  endpoint(
    'PUT',
    '/keys/:set',
    putKeys(guard),
    () => ({ summary: 'Replace a key set', body: keySetBody, answers: keysShown, v1: v1KeySet }),
    'json',
  ),
  endpoint(
    'PUT',
    '/keys/:set/:kid',
    putKey(guard),
    () => ({
      summary: 'Put a key into a set',
      body: keyBody,
      answers: { 200: gives('The key.', key) },
      v1: v1Key,
    }),
    'json',
  ),
  endpoint('DELETE', '/keys/:set/:kid?', removeKeys, () => ({
    summary: 'Delete a key set, or one key of it',
    answers: { 204: done },
  })),
]

const ISSUERS = '/trust/grants/jwt-bearer/issuers'
const trust = object({ id: text, issuer: text, subject: text, scope: list(text) }, 'id', 'issuer')
const trustMade = { 201: gives('What is trusted.', trust), ...refuses(409) }
const trustShown = { 200: gives('What is trusted.', trust), ...refuses(404) }

/** Endpoints for trusted issuers of assertions (contract 1.4.7). */
export const trustEndpoints: readonly Endpoint[] = [
  endpoint(
    'POST',
    ISSUERS,
    postTrustedIssuer,
    () => ({ summary: 'Trust an issuer of assertions', body: trustBody, answers: trustMade, v1: v1Trust }),
    'json',
  ),
  endpoint('GET', ISSUERS, getTrustedIssuers, () => ({
    summary: 'List trusted issuers',
    query: { ...paging, issuer: text },
    answers: { 200: gives('A page of what is trusted.', list(trust)) },
    v1: v1Trust,
  })),
  endpoint('GET', `${ISSUERS}/:id`, getTrustedIssuer, () => ({
    summary: 'Get a trusted issuer',
    answers: trustShown,
    v1: v1Trust,
  })),
  endpoint('DELETE', `${ISSUERS}/:id`, removeTrustedIssuer, () => ({
    summary: 'Trust an issuer no longer',
    answers: gone,
  })),
]

const ACCESS = '/registration/initial-access-tokens'
const access = object(
  {
    id: text,
    token: text,
    uses: whole,
    used: whole,
    created_at: instant,
    expires_at: instant,
    scope: text,
    audience: list(text),
    grant_types: list(text),
    redirect_hosts: list(text),
    redirect_schemes: list(text),
  },
  'id',
  'uses',
  'used',
  'created_at',
  'expires_at',
)

/** Endpoints for initial access tokens (RFC 7591 section 1.2, contract 1.4.10). */
export const registrationTokenEndpoints: readonly Endpoint[] = [
  endpoint(
    'POST',
    ACCESS,
    postInitialAccessToken,
    () => ({
      summary: 'Make an initial access token',
      body: tokenCreation(),
      answers: { 201: gives('The token, this once.', access), ...refuses(409) },
    }),
    'json',
  ),
  endpoint('GET', ACCESS, getInitialAccessTokens, () => ({
    summary: 'List initial access tokens',
    query: paging,
    answers: { 200: gives('A page of tokens that are alive.', list(access)) },
  })),
  endpoint('DELETE', `${ACCESS}/:id`, removeInitialAccessToken, () => ({
    summary: 'Revoke an initial access token',
    answers: gone,
  })),
]
