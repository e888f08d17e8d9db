import * as v from 'valibot'
import { type Format, sealed } from '../crypto/sealed.ts'
import { tuple } from '../crypto/tuple.ts'
import { isOwner } from '../ledger/owner.ts'
import type { ClientRecord } from '../store/types.ts'
import { isJsonObject, type JsonObject } from '../util/json.ts'
import type { Confirmation } from './binding/binding.ts'
import type { Targets } from './targets.ts'

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
  /** What of the grant's audience it is for. */
  readonly targets: Targets
  readonly cnf: Confirmation
}

/** A token without a grant: it carries its own claims, and a ledger only knows if it was revoked. */
export interface SelfContainedToken extends ClientStamp {
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
  readonly cnf: Confirmation
}

const owner = v.custom<string>(isOwner)
const text = v.string()
const number = v.number()
const texts = v.array(text)
const cnf = v.nullish(v.tuple([text, text]), null)
const stamp = { instance: text, accessEpoch: number }

/** An authorization code. The same content gives the same code, so a repeated redirect repeats its answer. */
export const authorizationCodes = sealed<AuthorizationCode>(
  'code',
  tuple({
    owner,
    grantId: text,
    epoch: number,
    redirectUri: v.nullish(text, null),
    codeChallenge: v.nullish(text, null),
    ...stamp,
  }),
  'ory_ac_',
)

/** A device code. */
export const deviceCodes = sealed<DeviceCode>('device_code', tuple({ owner, id: text, ...stamp }), 'ory_dc_')

/** Tuples of access and refresh tokens begin with a 0 where there is a grant, and with a 1 where there is none. */
const grantTuple = tuple({
  owner,
  grantId: text,
  generation: number,
  ...stamp,
  targets: v.nullish(v.array(number), null),
  cnf,
})
const selfContainedTuple = tuple({
  clientId: text,
  id: text,
  shards: number,
  issuedAt: number,
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

/** An opaque access token. */
export const accessTokens = sealed('access_token', accessFormat, 'ory_at_')

/**
 * The `jti` of a JWT access token, which counts only together with the JWT's signature. It carries what an opaque token
 * carries, but is of a kind of its own: whoever finds a `jti` in a log holds no token.
 */
export const accessJtis = sealed('access_jti', accessFormat)

/** A refresh token. */
export const refreshTokens = sealed('refresh_token', grantFormat, 'ory_rt_')
