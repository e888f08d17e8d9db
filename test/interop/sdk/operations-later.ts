import { randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import { expect } from 'vitest'
import type { Operation } from './operations.ts'
import { signingKey, type World } from './world.ts'

const lifespans: Readonly<Record<string, Operation>> = {
  setOAuth2ClientLifespans: async (world) => {
    const { id } = await world.client()
    const oAuth2ClientTokenLifespans = { authorization_code_grant_access_token_lifespan: '31h' }
    return {
      as: world.admin,
      args: { id, oAuth2ClientTokenLifespans },
      status: 200,
      data: { client_id: id, authorization_code_grant_access_token_lifespan: '31h0m0s' },
    }
  },
  rotateOAuth2ClientSecret: async (world) => {
    const { id } = await world.client()
    const data = { client_id: id, client_secret: expect.stringMatching(/^[\w.~-]{26}$/) }
    return { as: world.admin, args: { id }, status: 200, data }
  },
  deleteRotatedOAuth2ClientSecrets: async (world) => {
    const { id } = await world.client()
    return { as: world.admin, args: { id }, status: 200, data: { client_id: id } }
  },
  deleteOAuth2Token: async (world) => {
    const client = await world.client()
    const { access } = await world.tokens(client)
    const holds = async (): Promise<boolean> => !(await world.isActive(access))
    return { as: world.admin, args: { clientId: client.id }, status: 204, holds }
  },
}

const keyIn = (kid: string) => ({ keys: [expect.objectContaining({ kid, kty: 'EC', crv: 'P-256' })] })

const keys: Readonly<Record<string, Operation>> = {
  createJsonWebKeySet: async ({ admin }) => {
    const kid = randomUUID()
    const createJsonWebKeySet = { alg: 'ES256', kid, use: 'sig' }
    const args = { set: `set-${kid}`, createJsonWebKeySet }
    return { as: admin, args, status: 201, data: keyIn(kid) }
  },
  getJsonWebKeySet: async (world) => {
    const { set, kid } = await world.keySet()
    return { as: world.admin, args: { set }, status: 200, data: keyIn(kid) }
  },
  getJsonWebKey: async (world) => {
    const { set, kid } = await world.keySet()
    return { as: world.admin, args: { set, kid }, status: 200, data: keyIn(kid) }
  },
  setJsonWebKeySet: async (world) => {
    const { set } = await world.keySet()
    const { jwk } = await signingKey()
    const jsonWebKeySet = { keys: [jwk] }
    return { as: world.admin, args: { set, jsonWebKeySet }, status: 200, data: keyIn(jwk.kid ?? '') }
  },
  setJsonWebKey: async (world) => {
    const { set, kid } = await world.keySet()
    const { jwk } = await signingKey()
    const data = { kid, kty: 'EC', x: jwk.x }
    return { as: world.admin, args: { set, kid, jsonWebKey: { ...jwk, kid } }, status: 200, data }
  },
  deleteJsonWebKey: async (world) => ({ as: world.admin, args: await world.keySet(), status: 204 }),
  deleteJsonWebKeySet: async (world) => ({ as: world.admin, args: await world.keySet(), status: 204 }),
}

const issuers: Readonly<Record<string, Operation>> = {
  trustOAuth2JwtGrantIssuer: async (world) => {
    const trustOAuth2JwtGrantIssuer = await world.issuerBody()
    const { issuer, subject, scope, jwk } = trustOAuth2JwtGrantIssuer
    const data = { issuer, subject, scope, public_key: { set: issuer, kid: jwk.kid } }
    return { as: world.admin, args: { trustOAuth2JwtGrantIssuer }, status: 201, data }
  },
  getTrustedOAuth2JwtGrantIssuer: async (world) => {
    const { id, issuer } = await world.trustedIssuer()
    return { as: world.admin, args: { id }, status: 200, data: { id, issuer } }
  },
  listTrustedOAuth2JwtGrantIssuers: async (world) => {
    const { id, issuer } = await world.trustedIssuer()
    return { as: world.admin, args: { issuer }, status: 200, data: [{ id, issuer }] }
  },
  deleteTrustedOAuth2JwtGrantIssuer: async (world) => {
    const { id } = await world.trustedIssuer()
    return { as: world.admin, args: { id }, status: 204 }
  },
}

const device: Readonly<Record<string, Operation>> = {
  oAuth2DeviceFlow: async (world) => {
    const { id, secret } = await world.client()
    return {
      as: { header: `Basic ${btoa(`${id}:${secret}`)}` },
      args: null,
      form: { client_id: id, scope: 'openid' },
      status: 200,
      data: {
        device_code: expect.stringMatching(/^ory_dc_/),
        user_code: expect.any(String),
        verification_uri: `${world.base}/oauth2/device/verify`,
      },
    }
  },
  performOAuth2DeviceVerificationFlow: async () => ({
    as: {},
    args: null,
    status: 302,
    location: expect.stringContaining('device_challenge='),
  }),
  acceptUserCodeRequest: async (world) => {
    const { challenge, userCode } = await world.device()
    return {
      as: world.admin,
      args: { deviceChallenge: challenge, acceptDeviceUserCodeRequest: { user_code: userCode } },
      status: 200,
      data: { redirect_to: expect.stringContaining('device_verifier=') },
    }
  },
}

/** v1.11 has no authentication of its own for these, so every generation sends the token as a header. */
const bearer = (token: string) => ({ header: `Bearer ${token}` })

const registration: Readonly<Record<string, Operation>> = {
  createOidcDynamicClient: async ({ redirectUri }) => ({
    as: {},
    args: { oAuth2Client: { client_name: 'itself', redirect_uris: [redirectUri] } },
    status: 201,
    data: { client_name: 'itself', registration_access_token: expect.stringMatching(/^ory_at_/) },
  }),
  getOidcDynamicClient: async (world) => {
    const { id, token } = await world.registered()
    return { as: bearer(token), args: { id }, status: 200, data: { client_id: id } }
  },
  setOidcDynamicClient: async (world) => {
    const { id, token } = await world.registered()
    const oAuth2Client = { client_name: 'renamed', redirect_uris: [world.redirectUri] }
    return { as: bearer(token), args: { id, oAuth2Client }, status: 200, data: { client_name: 'renamed' } }
  },
  deleteOidcDynamicClient: async (world) => {
    const { id, token } = await world.registered()
    return { as: bearer(token), args: { id }, status: 204, holds: () => world.clientIsGone(id) }
  },
}

/** A proof of possession over the endpoint's nonce (contract 1.3.8). */
async function proofOf(world: World, accessToken: string): Promise<string> {
  const { jwk, privateKey } = await signingKey()
  const holder = { kty: 'EC', crv: 'P-256', x: jwk.x ?? '', y: jwk.y ?? '' }
  const nonce = await world.credentialNonce(accessToken)
  return new SignJWT({ nonce }).setProtectedHeader({ alg: 'ES256', jwk: holder }).sign(privateKey)
}

const credentials: Readonly<Record<string, Operation>> = {
  createVerifiableCredential: async (world) => {
    const { access } = await world.tokens(await world.client())
    const proof = { proof_type: 'jwt', jwt: await proofOf(world, access) }
    return {
      as: bearer(access),
      args: {
        createVerifiableCredentialRequestBody: {
          format: 'jwt_vc_json',
          types: ['VerifiableCredential', 'UserInfoCredential'],
          proof,
        },
      },
      status: 200,
      data: { format: 'jwt_vc_json', credential_draft_00: expect.stringMatching(/^ey/) },
    }
  },
}

/** Operations that came to Hydra after 1.0, and those of keys. */
export const laterOperations: Readonly<Record<string, Operation>> = {
  ...lifespans,
  ...keys,
  ...issuers,
  ...device,
  ...registration,
  ...credentials,
}
