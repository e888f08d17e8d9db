import * as v from 'valibot'
import { type Format, sealed } from '../crypto/sealed.ts'
import { tuple } from '../crypto/tuple.ts'
import { isOwner, type Owner } from '../ledger/owner.ts'
import type { ClientRecord } from '../store/types.ts'
import type { Seconds } from '../util/clock.ts'
import type { ClientId, GrantId } from '../util/ids.ts'
import { isJsonObject, type JsonObject } from '../util/json.ts'
import { clientId, grantId, time } from '../util/schema.ts'
import type { Confirmation } from './binding/binding.ts'
import type { Part } from './targets.ts'

/**
 * The sealed content of codes and tokens (format 1, tuples; items are only ever added at the end). A token names its
 * owner's ledger, its grant and generation, and has the client's stamp; claims are in the grant's row.
 */

/** What ties a token to a client: the client's instance, and the count of "delete all its tokens" so far. */
export interface ClientStamp {
  readonly instance: string
  readonly accessEpoch: number
}

/** The current stamp of a client. */
export const stampOf = (client: ClientRecord): ClientStamp => ({
  instance: client.instance,
  accessEpoch: client.accessEpoch,
})

/**
 * Whether a client still accepts a code or token with this stamp. "Delete all its tokens" ends access tokens only
 * (contract 1.4.5), so for codes and refresh tokens only the instance is compared.
 */
export const stampFits = (
  use: 'access_token' | 'refresh_token' | 'code',
  stamp: ClientStamp,
  client: ClientRecord,
): boolean =>
  stamp.instance === client.instance && (use !== 'access_token' || stamp.accessEpoch === client.accessEpoch)

export interface AuthorizationCode extends ClientStamp {
  readonly owner: Owner
  readonly grantId: GrantId
  readonly epoch: number
  /** Digest of the redirect URI, if the request had one. */
  readonly redirectUri: string | null
  readonly codeChallenge: string | null
}

/** A device code: the ledger of the device's user code, and its request there. */
export interface DeviceCode extends ClientStamp {
  readonly owner: Owner
  readonly id: string
}

/** An access or refresh token of a grant. */
export interface GrantToken extends ClientStamp, Part {
  readonly type: 'grant'
  readonly owner: Owner
  readonly grantId: GrantId
  readonly generation: number
  readonly cnf: Confirmation
}

/** A token without a grant: it carries its own claims, and a ledger only knows whether it was revoked. */
export interface SelfContainedToken extends ClientStamp {
  readonly type: 'client'
  readonly clientId: ClientId
  readonly id: string
  /** How many ledgers shared the client's revocations when the token was issued. */
  readonly shards: number
  readonly issuedAt: Seconds
  readonly scope: readonly string[]
  readonly audience: readonly string[]
  /** Custom claims, which only a token hook can give. */
  readonly custom: JsonObject
  /** The subject of a JWT bearer assertion; null if the token represents the client itself. */
  readonly subject: string | null
  readonly cnf: Confirmation
}

const owner = v.custom<Owner>(isOwner)
const text = v.string()
const number = v.number()
const texts = v.array(text)
const entries = v.nullish(v.array(number), null)
const cnf = v.nullish(v.tuple([text, text]), null)
const stamp = { instance: text, accessEpoch: number }

/** Authorization codes. The same content gives the same code, so a repeated redirect repeats its answer. */
export const authorizationCodes = sealed<AuthorizationCode>(
  'code',
  tuple({
    owner,
    grantId,
    epoch: number,
    redirectUri: v.nullish(text, null),
    codeChallenge: v.nullish(text, null),
    ...stamp,
  }),
  'ory_ac_',
)

/** Device codes. */
export const deviceCodes = sealed<DeviceCode>('device_code', tuple({ owner, id: text, ...stamp }), 'ory_dc_')

/** Tuples of access and refresh tokens begin with 0 if there is a grant, and with 1 if there is none. */
const grantTuple = tuple({
  owner,
  grantId,
  generation: number,
  ...stamp,
  targets: entries,
  cnf,
  scopes: entries,
})
const selfContainedTuple = tuple({
  clientId,
  id: text,
  shards: number,
  issuedAt: time,
  scope: texts,
  audience: texts,
  ...stamp,
  subject: v.nullish(text, null),
  custom: v.nullish(v.custom<JsonObject>(isJsonObject), {}),
  cnf,
})

const grantFormat: Format<GrantToken> = {
  write: (token) => [0, ...grantTuple.write(token)],
  read: (data) => ({ type: 'grant', ...grantTuple.read(Array.isArray(data) ? data.slice(1) : data) }),
}

const accessFormat: Format<GrantToken | SelfContainedToken> = {
  write(token) {
    if (token.type === 'grant') return grantFormat.write(token)
    const custom = Object.keys(token.custom).length === 0 ? null : token.custom
    return [1, ...selfContainedTuple.write({ ...token, custom })]
  },
  read: (data) =>
    Array.isArray(data) && data[0] === 1
      ? { type: 'client', ...selfContainedTuple.read(data.slice(1)) }
      : grantFormat.read(data),
}

/** Opaque access tokens. */
export const accessTokens = sealed('access_token', accessFormat, 'ory_at_')

/**
 * `jti` values of JWT access tokens. They have the content of an opaque token but are a kind of their own and need the
 * JWT's signature, so that a `jti` from a log is not a token.
 */
export const accessJtis = sealed('access_jti', accessFormat)

/** Refresh tokens. */
export const refreshTokens = sealed('refresh_token', grantFormat, 'ory_rt_')
