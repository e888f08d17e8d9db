import * as v from 'valibot'
import { tuple } from '../crypto/tuple.ts'
import { isOwner } from '../ledger/owner.ts'
import type { Runtime } from '../runtime.ts'
import type { ClientRecord } from '../store/types.ts'
import { isJsonObject, type JsonObject } from '../util/json.ts'

/**
 * What codes and tokens carry under seal (format 1, tuples; items are only ever added at the end). A token names
 * its owner's ledger, its grant and generation, and the client stamp; claims live in the grant's row.
 */

/** Which creation of the client, and since which "delete all its tokens", a token belongs to. */
export interface ClientStamp {
  readonly instance: string
  readonly accessEpoch: number
}

/** The stamp of a client as it is now. */
export const stampOf = (client: ClientRecord): ClientStamp => ({
  instance: client.instance,
  accessEpoch: client.accessEpoch,
})

/**
 * Whether a code or token of this stamp is still honoured for this client. "Delete all its tokens" ends access tokens
 * only (contract 1.4.5), so codes and refresh tokens belong to the client's creation alone.
 */
export const stampFits = (
  use: 'access_token' | 'refresh_token' | 'code',
  stamp: ClientStamp,
  client: ClientRecord,
): boolean =>
  stamp.instance === client.instance && (use !== 'access_token' || stamp.accessEpoch === client.accessEpoch)

export interface AuthorizationCode extends ClientStamp {
  readonly owner: string
  readonly grantId: string
  readonly epoch: number
  /** Digest of the redirect URI, if the request named one. */
  readonly redirectUri: string | null
  readonly codeChallenge: string | null
}

/** A device code: the ledger of the device's user code, and its request there. */
export interface DeviceCode extends ClientStamp {
  readonly owner: string
  readonly id: string
}

/** An access or refresh token of a grant. */
export interface GrantToken extends ClientStamp {
  readonly type: 'grant'
  readonly owner: string
  readonly grantId: string
  readonly generation: number
}

/** A token without a grant: it carries its own claims, and a ledger only knows if it was revoked. */
export interface ClientToken extends ClientStamp {
  readonly type: 'client'
  readonly clientId: string
  readonly id: string
  readonly shards: number
  readonly issuedAt: number
  readonly scope: readonly string[]
  readonly audience: readonly string[]
  /** Custom claims, which only a token hook gives. */
  readonly custom: JsonObject
  /** Whom the token speaks for, where that is not the client itself: the subject of a JWT bearer assertion. */
  readonly subject: string | null
}

export type Expiring<Content> = Content & { readonly expiresAt: number | null }

const owner = v.custom<string>(isOwner)
const text = v.string()
const number = v.number()
const texts = v.array(text)
const stamp = { instance: text, accessEpoch: number }

const codeFormat = tuple({
  owner,
  grantId: text,
  epoch: number,
  redirectUri: v.nullish(text, null),
  codeChallenge: v.nullish(text, null),
  ...stamp,
})
const deviceFormat = tuple({ owner, id: text, ...stamp })

/** Tuples of access and refresh tokens begin with a 0 where there is a grant, and with a 1 where there is none. */
const grantFormat = tuple({ owner, grantId: text, generation: number, ...stamp })
const clientFormat = tuple({
  clientId: text,
  id: text,
  shards: number,
  issuedAt: number,
  scope: texts,
  audience: texts,
  ...stamp,
  subject: v.nullish(text, null),
  custom: v.nullish(v.custom<JsonObject>(isJsonObject), {}),
})

const PREFIX = {
  code: 'ory_ac_',
  device_code: 'ory_dc_',
  access_token: 'ory_at_',
  access_jti: '',
  refresh_token: 'ory_rt_',
} as const

type TokenKind = keyof typeof PREFIX

async function seal(
  rt: Runtime,
  kind: TokenKind,
  data: readonly unknown[],
  expiresAt: number | null,
): Promise<string> {
  return PREFIX[kind] + (await rt.envelopes.seal(kind, data, expiresAt))
}

/** Opens a code or token of a kind, with or without prefix; `undefined` when it is not one of ours. */
async function open<Content>(
  rt: Runtime,
  kind: TokenKind,
  sealed: string,
  read: (data: unknown) => Content,
): Promise<Expiring<Content> | undefined> {
  const envelope = sealed.startsWith(PREFIX[kind]) ? sealed.slice(PREFIX[kind].length) : sealed
  const opened = await rt.envelopes.open(kind, envelope)
  return opened === undefined ? undefined : { ...read(opened.data), expiresAt: opened.expiresAt }
}

/** Seals an authorization code. The same content gives the same code, so a repeated redirect repeats its answer. */
export const sealCode = (rt: Runtime, code: AuthorizationCode, expiresAt: number): Promise<string> =>
  seal(rt, 'code', codeFormat.write(code), expiresAt)

/** Opens an authorization code; `undefined` when it is not one of ours. */
export const openCode = (rt: Runtime, code: string): Promise<Expiring<AuthorizationCode> | undefined> =>
  open(rt, 'code', code, codeFormat.read)

/** Seals a device code. */
export const sealDeviceCode = (rt: Runtime, code: DeviceCode, expiresAt: number): Promise<string> =>
  seal(rt, 'device_code', deviceFormat.write(code), expiresAt)

/** Opens a device code; `undefined` when it is not one of ours. */
export const openDeviceCode = (rt: Runtime, code: string): Promise<Expiring<DeviceCode> | undefined> =>
  open(rt, 'device_code', code, deviceFormat.read)

/** Seals an opaque access token. */
export const sealAccess = (
  rt: Runtime,
  token: GrantToken | ClientToken,
  expiresAt: number,
): Promise<string> => seal(rt, 'access_token', accessData(token), expiresAt)

/**
 * Seals the `jti` of a JWT access token. It carries what an opaque token carries, but is of a kind of its own:
 * whoever finds a `jti` in a log holds no token.
 */
export const sealJti = (rt: Runtime, token: GrantToken | ClientToken, expiresAt: number): Promise<string> =>
  seal(rt, 'access_jti', accessData(token), expiresAt)

/** Seals a refresh token; `expiresAt` null never expires. */
export const sealRefresh = (rt: Runtime, token: GrantToken, expiresAt: number | null): Promise<string> =>
  seal(rt, 'refresh_token', accessData(token), expiresAt)

/** Opens an opaque access token, with or without prefix. */
export const openAccess = (
  rt: Runtime,
  token: string,
): Promise<Expiring<GrantToken | ClientToken> | undefined> => open(rt, 'access_token', token, readAccess)

/** Opens the `jti` of a JWT access token, which counts only together with the JWT's signature. */
export const openJti = (rt: Runtime, jti: string): Promise<Expiring<GrantToken | ClientToken> | undefined> =>
  open(rt, 'access_jti', jti, readAccess)

/** Opens a refresh token, with or without prefix. */
export const openRefresh = (rt: Runtime, token: string): Promise<Expiring<GrantToken> | undefined> =>
  open(rt, 'refresh_token', token, readGrant)

function accessData(token: GrantToken | ClientToken): readonly unknown[] {
  if (token.type === 'grant') return [0, ...grantFormat.write(token)]
  const data = clientFormat.write(token)
  const isPlain = token.subject === null && Object.keys(token.custom).length === 0
  return [1, ...(isPlain ? data.slice(0, -2) : data)]
}

function readAccess(data: unknown): GrantToken | ClientToken {
  return Array.isArray(data) && data[0] === 1
    ? { type: 'client', ...clientFormat.read(data.slice(1)) }
    : readGrant(data)
}

function readGrant(data: unknown): GrantToken {
  return { type: 'grant', ...grantFormat.read(Array.isArray(data) ? data.slice(1) : data) }
}
