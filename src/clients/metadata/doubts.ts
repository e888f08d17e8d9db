import { usesSecret } from '../../client-auth/methods.ts'
import { METHODS } from '../../client-auth/registry.ts'
import { publicAddress } from '../../config/addresses.ts'
import type { Config } from '../../config/types.ts'
import { originCanMatch } from '../../http/origins.ts'
import type { Runtime } from '../../runtime.ts'
import type { ClientMetadata } from '../../store/types.ts'
import { nowSeconds } from '../../util/clock.ts'
import { algorithmDoubts } from '../key-algorithms.ts'
import type { Doubt, Supported } from './doubt.ts'
import { listDoubts } from './narrow.ts'
import type { ClientInput } from './parse.ts'
import { frontChannelDoubt, redirectDoubt } from './uris.ts'

/** A secret of an admin's choice that is shorter could be guessed, characters. */
const STRONG_SECRET_LENGTH = 16

/**
 * Finds what in a client's metadata never works here or is weak. Hydra takes it all, so the admin API takes it too, and
 * warns; a client that registers itself is refused (RFC 7591 section 3.2.2).
 */
export async function doubtsOf(
  rt: Runtime,
  { metadata, secret, secretEnd = 0 }: ClientInput,
  supported: Supported,
): Promise<readonly Doubt[]> {
  return [
    ...methodDoubts(metadata),
    ...listDoubts(metadata, supported),
    ...originDoubts(metadata),
    ...redirectDoubt(metadata, rt.config.loopback),
    ...frontChannelDoubt(metadata),
    ...fetchedDoubts(rt.config, metadata),
    ...signedRequestDoubts(metadata),
    ...secretDoubts(metadata, secret),
    ...endDoubts(metadata, secretEnd),
    ...(await algorithmDoubts(rt, metadata)),
  ]
}

function methodDoubts({ token_endpoint_auth_method: name }: ClientMetadata): readonly Doubt[] {
  const known = METHODS.map(({ method }) => method)
  if (known.includes(name)) return []
  return [{ field: 'token_endpoint_auth_method', problem: `must be one of ${known.join(', ')}` }]
}

function originDoubts({ allowed_cors_origins: origins }: ClientMetadata): readonly Doubt[] {
  if (origins.every(originCanMatch)) return []
  const problem = "holds an origin that no page can have: a '*' stands for leading labels or the port"
  return [{ field: 'allowed_cors_origins', problem }]
}

/** Fields with addresses that this server asks, each when it is needed. */
const FETCHED = ['jwks_uri', 'request_uris', 'backchannel_logout_uri'] as const

function fetchedDoubts(config: Config, metadata: ClientMetadata): readonly Doubt[] {
  const isFetched = (uri: string): boolean => uri === '' || publicAddress(config, new URL(uri))
  return FETCHED.filter((field) => ![metadata[field]].flat().every(isFetched)).map((field) => ({
    field,
    problem: 'is never asked: that takes https on port 443 of a public host other than this server',
  }))
}

/** A client that must sign its requests and cannot never has one taken (RFC 9101 section 10.5). */
function signedRequestDoubts(metadata: ClientMetadata): readonly Doubt[] {
  const { require_signed_request_object: isRequired, request_object_signing_alg: alg, jwks } = metadata
  const hasKeys = jwks !== null || metadata.jwks_uri !== ''
  if (!isRequired || (hasKeys && alg !== 'none')) return []
  const problem = "needs 'jwks' or 'jwks_uri', and another 'request_object_signing_alg' than 'none'"
  return [{ field: 'require_signed_request_object', problem }]
}

function secretDoubts(
  { token_endpoint_auth_method: method }: ClientMetadata,
  secret: string | undefined,
): readonly Doubt[] {
  if (secret === undefined || method === 'none' || secret.length >= STRONG_SECRET_LENGTH) return []
  return [{ field: 'client_secret', problem: `has fewer than ${STRONG_SECRET_LENGTH} characters` }]
}

function endDoubts({ token_endpoint_auth_method: method }: ClientMetadata, end: number): readonly Doubt[] {
  if (end === 0 || end > nowSeconds() || !usesSecret(method)) return []
  return [{ field: 'client_secret_expires_at', problem: 'has passed' }]
}
