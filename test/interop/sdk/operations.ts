import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { CookieBrowser } from '../support.ts'
import type { Arguments } from './generations.ts'
import { laterOperations } from './operations-later.ts'
import type { Identity } from './styles.ts'
import type { World } from './world.ts'

/** One call: who makes it with which arguments, and what the answer must be like. */
export interface Case {
  readonly as: Identity
  readonly args: Arguments
  readonly form?: Readonly<Record<string, string>>
  readonly status: number
  /** Matched against the data the SDK hands out; left out where there is none. */
  readonly data?: unknown
  readonly location?: unknown
  /** What must hold afterwards; resolves to true. */
  readonly holds?: () => Promise<boolean>
}

/** An operation of the API: makes what it needs, then says how it is called. */
export type Operation = (world: World) => Promise<Case>

const SUBJECT = 'foo@bar.com'
const nobody = {}
const redirectWith = (verifier: string) => ({ redirect_to: expect.stringContaining(`${verifier}=`) })
const denial = { error: 'access_denied', error_description: 'The user said no.' }

/** A call without arguments that answers 200, or whatever `answer` says. */
const plain =
  (answer: Partial<Case>): Operation =>
  async () => ({ as: nobody, args: null, status: 200, ...answer })

const asAdmin =
  (answer: Partial<Case>): Operation =>
  async ({ admin }) => ({ as: admin, args: null, status: 200, ...answer })

const publicOperations: Readonly<Record<string, Operation>> = {
  isAlive: plain({ data: { status: 'ok' } }),
  isReady: plain({ data: { status: 'ok' } }),
  discoverOidcConfiguration: async ({ base }) => ({
    as: nobody,
    args: null,
    status: 200,
    data: { issuer: base, token_endpoint: `${base}/oauth2/token`, jwks_uri: `${base}/.well-known/jwks.json` },
  }),
  discoverJsonWebKeys: plain({
    data: { keys: expect.arrayContaining([expect.objectContaining({ kty: 'RSA', use: 'sig' })]) },
  }),
  oAuth2Authorize: plain({ status: 302, location: expect.stringContaining('error=') }),
  revokeOidcSession: plain({ status: 302, location: expect.stringMatching(/^http/) }),
  oauth2TokenExchange: async (world) => {
    const client = await world.client()
    const code = await world.code(client)
    return {
      as: { username: client.id, password: client.secret },
      args: { grantType: 'authorization_code', code, redirectUri: world.redirectUri },
      status: 200,
      data: {
        access_token: expect.stringMatching(/^ory_at_/),
        refresh_token: expect.stringMatching(/^ory_rt_/),
        expires_in: expect.any(Number),
        token_type: 'bearer',
      },
    }
  },
  revokeOAuth2Token: async (world) => {
    const client = await world.client()
    const { access } = await world.tokens(client)
    return {
      as: { username: client.id, password: client.secret },
      args: { token: access },
      status: 200,
      holds: async () => !(await world.isActive(access)),
    }
  },
  getOidcUserInfo: async (world) => {
    const { access } = await world.tokens(await world.client())
    return { as: { token: access }, args: null, status: 200, data: { sub: SUBJECT, email: SUBJECT } }
  },
}

const flowOperations: Readonly<Record<string, Operation>> = {
  getOAuth2LoginRequest: async (world) => {
    const client = await world.client({ client_name: 'by sdk' })
    const loginChallenge = await world.loginChallenge(client)
    return {
      as: world.admin,
      args: { loginChallenge },
      status: 200,
      data: {
        challenge: loginChallenge,
        skip: false,
        subject: '',
        requested_scope: ['openid', 'offline_access'],
        request_url: expect.stringContaining(client.id),
        client: { client_id: client.id, client_name: 'by sdk', redirect_uris: [world.redirectUri] },
      },
    }
  },
  acceptOAuth2LoginRequest: async (world) => ({
    as: world.admin,
    args: {
      loginChallenge: await world.loginChallenge(),
      acceptOAuth2LoginRequest: { subject: SUBJECT, remember: true, remember_for: 3600, acr: '0' },
    },
    status: 200,
    data: redirectWith('login_verifier'),
  }),
  rejectOAuth2LoginRequest: async (world) => ({
    as: world.admin,
    args: { loginChallenge: await world.loginChallenge(), rejectOAuth2Request: denial },
    status: 200,
    data: redirectWith('login_verifier'),
  }),
  getOAuth2ConsentRequest: async (world) => {
    const client = await world.client()
    const consentChallenge = await world.consentChallenge(client, SUBJECT)
    return {
      as: world.admin,
      args: { consentChallenge },
      status: 200,
      data: {
        challenge: consentChallenge,
        skip: false,
        subject: SUBJECT,
        requested_scope: ['openid', 'offline_access'],
        client: { client_id: client.id },
      },
    }
  },
  acceptOAuth2ConsentRequest: async (world) => ({
    as: world.admin,
    args: {
      consentChallenge: await world.consentChallenge(await world.client(), SUBJECT),
      acceptOAuth2ConsentRequest: {
        grant_scope: ['openid'],
        remember: true,
        remember_for: 3600,
        session: { access_token: { role: 'a' }, id_token: { email: SUBJECT } },
      },
    },
    status: 200,
    data: redirectWith('consent_verifier'),
  }),
  rejectOAuth2ConsentRequest: async (world) => ({
    as: world.admin,
    args: {
      consentChallenge: await world.consentChallenge(await world.client(), SUBJECT),
      rejectOAuth2Request: denial,
    },
    status: 200,
    data: redirectWith('consent_verifier'),
  }),
  getOAuth2LogoutRequest: async (world) => ({
    as: world.admin,
    args: { logoutChallenge: await world.logoutChallenge() },
    status: 200,
    data: { subject: SUBJECT, sid: expect.stringMatching(/.{8}/), rp_initiated: false },
  }),
  acceptOAuth2LogoutRequest: async (world) => ({
    as: world.admin,
    args: { logoutChallenge: await world.logoutChallenge() },
    status: 200,
    data: redirectWith('logout_verifier'),
  }),
  rejectOAuth2LogoutRequest: async (world) => ({
    as: world.admin,
    args: { logoutChallenge: await world.logoutChallenge(), rejectOAuth2Request: denial },
    status: 204,
  }),
}

const clientOperations: Readonly<Record<string, Operation>> = {
  createOAuth2Client: async ({ admin, redirectUri }) => ({
    as: admin,
    args: { oAuth2Client: { client_name: 'made', redirect_uris: [redirectUri], scope: 'openid' } },
    status: 201,
    data: {
      client_id: expect.stringMatching(/^[\da-f-]{36}$/),
      client_secret: expect.stringMatching(/^[\w.~-]{26}$/),
      client_name: 'made',
      redirect_uris: [redirectUri],
      scope: 'openid',
    },
  }),
  getOAuth2Client: async (world) => {
    const { id } = await world.client({ client_name: 'found', contacts: ['ops@example'] })
    const data = { client_id: id, client_name: 'found', contacts: ['ops@example'] }
    return { as: world.admin, args: { id }, status: 200, data }
  },
  listOAuth2Clients: async (world) => {
    const { id } = await world.client({ client_name: `listed ${randomUUID()}` })
    const data = expect.arrayContaining([expect.objectContaining({ client_id: id })])
    return { as: world.admin, args: { pageSize: 500, limit: 500, offset: 0 }, status: 200, data }
  },
  setOAuth2Client: async (world) => {
    const { id } = await world.client()
    const data = { client_id: id, client_name: 'replaced', redirect_uris: [world.redirectUri] }
    return { as: world.admin, args: { id, oAuth2Client: data }, status: 200, data }
  },
  patchOAuth2Client: async (world) => {
    const { id } = await world.client()
    const jsonPatch = [{ op: 'replace', path: '/client_name', value: 'patched' }]
    return { as: world.admin, args: { id, jsonPatch }, status: 200, data: { client_name: 'patched' } }
  },
  deleteOAuth2Client: async (world) => {
    const { id } = await world.client()
    return { as: world.admin, args: { id }, status: 204, holds: () => world.clientIsGone(id) }
  },
}

const sessionOperations: Readonly<Record<string, Operation>> = {
  listOAuth2ConsentSessions: async (world) => {
    const client = await world.client()
    await world.tokens(client)
    const session = {
      grant_scope: ['openid', 'offline_access'],
      remember: true,
      remember_for: 3600,
      consent_request: expect.objectContaining({
        subject: SUBJECT,
        client: expect.objectContaining({ client_id: client.id }),
      }),
    }
    const data = expect.arrayContaining([expect.objectContaining(session)])
    return { as: world.admin, args: { subject: SUBJECT, pageSize: 500, limit: 500 }, status: 200, data }
  },
  revokeOAuth2ConsentSessions: async (world) => {
    const { access } = await world.tokens(await world.client())
    const holds = async (): Promise<boolean> => !(await world.isActive(access))
    return { as: world.admin, args: { subject: SUBJECT, all: true }, status: 204, holds }
  },
  'revokeOAuth2ConsentSessions of a client': async (world) => {
    const client = await world.client()
    const { access } = await world.tokens(client)
    const holds = async (): Promise<boolean> => !(await world.isActive(access))
    return { as: world.admin, args: { subject: SUBJECT, client: client.id }, status: 204, holds }
  },
  revokeOAuth2LoginSessions: async (world) => {
    const subject = `user-${randomUUID()}`
    const browser = new CookieBrowser()
    await world.consentChallenge(await world.client(), subject, browser)
    const holds = async (): Promise<boolean> => !(await world.knows(browser))
    return { as: world.admin, args: { subject }, status: 204, holds }
  },
}

const tokenOperations: Readonly<Record<string, Operation>> = {
  introspectOAuth2Token: async (world) => {
    const client = await world.client()
    const { access } = await world.tokens(client)
    return {
      as: world.admin,
      args: { token: access, scope: 'openid' },
      status: 200,
      data: {
        active: true,
        client_id: client.id,
        sub: SUBJECT,
        scope: 'openid offline_access',
        iss: world.base,
        ext: { tenant: 't1' },
      },
    }
  },
  flushInactiveOAuth2Tokens: async ({ admin }) => ({
    as: admin,
    args: { flushInactiveOAuth2TokensRequest: { notAfter: new Date() } },
    status: 204,
  }),
  getVersion: asAdmin({ data: { version: expect.stringMatching(/^v\d/) } }),
  prometheus: asAdmin({}),
}

/** Every operation there is, by its name in v2; one that v2 lacks has the name v1 gave it. */
export const operations: Readonly<Record<string, Operation>> = {
  ...publicOperations,
  ...flowOperations,
  ...clientOperations,
  ...sessionOperations,
  ...tokenOperations,
  ...laterOperations,
}
