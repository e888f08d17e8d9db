import * as v from 'valibot'
import { OAuthError } from '../errors/oauth-error.ts'
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
const codeFormat = v.looseTuple([
  owner,
  v.string(),
  v.number(),
  v.nullable(v.string()),
  v.nullable(v.string()),
  v.string(),
  v.number(),
])
const deviceFormat = v.looseTuple([owner, v.string(), v.string(), v.number()])
const grantFormat = v.looseTuple([v.picklist([0]), owner, v.string(), v.number(), v.string(), v.number()])
const clientFormat = v.looseTuple([
  v.picklist([1]),
  v.string(),
  v.string(),
  v.number(),
  v.number(),
  v.array(v.string()),
  v.array(v.string()),
  v.string(),
  v.number(),
  v.optional(v.nullable(v.string())),
  v.optional(v.custom<JsonObject>(isJsonObject)),
])

const PREFIX = {
  code: 'ory_ac_',
  device_code: 'ory_dc_',
  access_token: 'ory_at_',
  refresh_token: 'ory_rt_',
} as const

type TokenKind = keyof typeof PREFIX

const withoutPrefix = (kind: TokenKind, text: string): string =>
  text.startsWith(PREFIX[kind]) ? text.slice(PREFIX[kind].length) : text

/** Seals an authorization code. The same content gives the same code, so a repeated redirect repeats its answer. */
export async function sealCode(rt: Runtime, code: AuthorizationCode, expiresAt: number): Promise<string> {
  const { owner, grantId, epoch, redirectUri, codeChallenge, instance, accessEpoch } = code
  const data = [owner, grantId, epoch, redirectUri, codeChallenge, instance, accessEpoch]
  return PREFIX.code + (await rt.envelopes.seal('code', data, expiresAt))
}

/** Opens an authorization code; `undefined` when it is not one of ours. */
export async function openCode(rt: Runtime, text: string): Promise<Expiring<AuthorizationCode> | undefined> {
  const opened = await rt.envelopes.open('code', withoutPrefix('code', text))
  if (opened === undefined) return undefined
  const [owner, grantId, epoch, redirectUri, codeChallenge, instance, accessEpoch] = read(
    codeFormat,
    opened.data,
  )
  const { expiresAt } = opened
  return { owner, grantId, epoch, redirectUri, codeChallenge, instance, accessEpoch, expiresAt }
}

/** Seals a device code. */
export async function sealDeviceCode(rt: Runtime, code: DeviceCode, expiresAt: number): Promise<string> {
  const { owner, id, instance, accessEpoch } = code
  const data = [owner, id, instance, accessEpoch]
  return PREFIX.device_code + (await rt.envelopes.seal('device_code', data, expiresAt))
}

/** Opens a device code; `undefined` when it is not one of ours. */
export async function openDeviceCode(rt: Runtime, text: string): Promise<Expiring<DeviceCode> | undefined> {
  const opened = await rt.envelopes.open('device_code', withoutPrefix('device_code', text))
  if (opened === undefined) return undefined
  const [owner, id, instance, accessEpoch] = read(deviceFormat, opened.data)
  return { owner, id, instance, accessEpoch, expiresAt: opened.expiresAt }
}

/** Seals an opaque access token. */
export async function sealAccess(
  rt: Runtime,
  token: GrantToken | ClientToken,
  expiresAt: number,
): Promise<string> {
  return PREFIX.access_token + (await rt.envelopes.seal('access_token', accessData(token), expiresAt))
}

/**
 * Seals the `jti` of a JWT access token. It carries what an opaque token carries, but is of a kind of its own:
 * whoever finds a `jti` in a log holds no token.
 */
export function sealJti(rt: Runtime, token: GrantToken | ClientToken, expiresAt: number): Promise<string> {
  return rt.envelopes.seal('access_jti', accessData(token), expiresAt)
}

/** Seals a refresh token; `expiresAt` null never expires. */
export async function sealRefresh(rt: Runtime, token: GrantToken, expiresAt: number | null): Promise<string> {
  return PREFIX.refresh_token + (await rt.envelopes.seal('refresh_token', grantData(token), expiresAt))
}

/** Opens an opaque access token, with or without prefix. */
export function openAccess(
  rt: Runtime,
  text: string,
): Promise<Expiring<GrantToken | ClientToken> | undefined> {
  return openAccessKind(rt, 'access_token', withoutPrefix('access_token', text))
}

/** Opens the `jti` of a JWT access token, which counts only together with the JWT's signature. */
export function openJti(rt: Runtime, text: string): Promise<Expiring<GrantToken | ClientToken> | undefined> {
  return openAccessKind(rt, 'access_jti', text)
}

async function openAccessKind(
  rt: Runtime,
  kind: 'access_token' | 'access_jti',
  text: string,
): Promise<Expiring<GrantToken | ClientToken> | undefined> {
  const opened = await rt.envelopes.open(kind, text)
  if (opened === undefined) return undefined
  const data = read(v.union([grantFormat, clientFormat]), opened.data)
  return { ...(data[0] === 0 ? toGrantToken(data) : toClientToken(data)), expiresAt: opened.expiresAt }
}

/** Opens a refresh token, with or without prefix. */
export async function openRefresh(rt: Runtime, text: string): Promise<Expiring<GrantToken> | undefined> {
  const opened = await rt.envelopes.open('refresh_token', withoutPrefix('refresh_token', text))
  if (opened === undefined) return undefined
  return { ...toGrantToken(read(grantFormat, opened.data)), expiresAt: opened.expiresAt }
}

const accessData = (token: GrantToken | ClientToken): readonly unknown[] =>
  token.type === 'grant' ? grantData(token) : clientData(token)

const grantData = (token: GrantToken): readonly unknown[] => [
  0,
  token.owner,
  token.grantId,
  token.generation,
  token.instance,
  token.accessEpoch,
]

const clientData = (token: ClientToken): readonly unknown[] => [
  1,
  token.clientId,
  token.id,
  token.shards,
  token.issuedAt,
  token.scope,
  token.audience,
  token.instance,
  token.accessEpoch,
  ...(token.subject === null && Object.keys(token.custom).length === 0 ? [] : [token.subject, token.custom]),
]

function toGrantToken(data: v.InferOutput<typeof grantFormat>): GrantToken {
  const [, owner, grantId, generation, instance, accessEpoch] = data
  return { type: 'grant', owner, grantId, generation, instance, accessEpoch }
}

function toClientToken(data: v.InferOutput<typeof clientFormat>): ClientToken {
  const [
    ,
    clientId,
    id,
    shards,
    issuedAt,
    scope,
    audience,
    instance,
    accessEpoch,
    subject = null,
    custom = {},
  ] = data
  const claims = { scope, audience, subject, custom }
  return { type: 'client', clientId, id, shards, issuedAt, ...claims, instance, accessEpoch }
}

/** What opened was sealed by us: a payload that does not fit is our fault. */
function read<Schema extends v.GenericSchema>(schema: Schema, data: unknown): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, data)
  if (!parsed.success) throw new OAuthError('server_error')
  return parsed.output
}
