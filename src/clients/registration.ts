import * as v from 'valibot'
import { usesSecret } from '../client-auth/methods.ts'
import type { Config, RegistrationPolicy } from '../config/types.ts'
import type { ErrorCode } from '../errors/catalogue.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import type { Runtime } from '../runtime.ts'
import { clientMetadata, fields } from '../store/client-metadata.ts'
import type { ClientMetadata, ClientRecord, InitialAccess } from '../store/types.ts'
import { after, nowSeconds } from '../util/clock.ts'
import { isJsonObject, type JsonObject, pick } from '../util/json.ts'
import { boundsOf, checkBounds, withBounds } from './bounds.ts'
import type { ClientChange } from './manage.ts'
import type { Supported } from './metadata/doubt.ts'
import { readDraft } from './metadata/draft.ts'
import { type ClientInput, parseClient } from './metadata/parse.ts'
import { checkRedirects, withinPolicy } from './metadata/policy.ts'
import { workingPart } from './metadata/working.ts'
import { freshRegistration, nextRegistration, type RegistrationStamp } from './registration-token.ts'
import { isEmpty, renderRegistration } from './render.ts'
import { makeSecret, secretEndOf } from './secret.ts'
import { checkSectorStays, isPairwiseByAdmin, withinSector } from './sector.ts'
import { isUnreviewed, reviewed } from './stranger.ts'
import { usedNow } from './use.ts'

/**
 * Validates the metadata that a client sends about itself (RFC 7591 section 2, contract 1.3.7). A client cannot choose
 * its id.
 *
 * @param secretRefusal - error code for a `client_secret` in the metadata
 * @throws as `parseClient`; `malformed_body`, `invalid_client_metadata` or `invalid_request` for fields that only
 *   admins set
 */
function parseRegistration(body: unknown, config: Config, secretRefusal: ErrorCode): ClientInput {
  const draft = readDraft(body)
  if (draft.client_secret !== '')
    throw new OAuthError(secretRefusal, 'field_reserved', { field: 'client_secret' })
  const given: Partial<JsonObject> = isJsonObject(body) ? body : {}
  for (const [field, { reserved }] of fields)
    if (reserved !== undefined && reserved.refusal !== null && !isEmpty(given[field] ?? null))
      throw new OAuthError(reserved.refusal, 'field_reserved', { field })
  const input = parseClient(body, config)
  return { ...input, metadata: { ...input.metadata, owner: '' }, id: undefined, secretEnd: undefined }
}

/**
 * Reads the metadata of a client that registers itself, within the operator's policy and that of its initial access token. Throws like `parseRegistration`
 * and `withinPolicy`.
 */
export function readRegistration(
  body: unknown,
  config: Config,
  initialAccess: InitialAccess | null,
): ClientInput {
  const input = parseRegistration(body, config, 'malformed_body')
  const metadata = withinSector(withinPolicy(config, policiesFor(config, initialAccess), input.metadata))
  return { ...input, metadata, secretEnd: secretEnd(config) }
}

/** What limits a client's choices: the operator's policy, and that of the initial access token. */
const policiesFor = (
  { registration: { policy } }: Config,
  initialAccess: InitialAccess | null,
): readonly RegistrationPolicy[] => (initialAccess === null ? [policy] : [policy, initialAccess.policy])

/** When a secret ends that a client gets now by registering itself, seconds since the epoch; 0 for never. */
const secretEnd = ({ registration: { secretTtl } }: Config): number =>
  secretTtl === null ? 0 : after(nowSeconds(), secretTtl)

/** A client as it is shown to itself, without what only admins set. */
export const chosenByClient = (client: ClientRecord): JsonObject =>
  pick(renderRegistration(client), (name) => !RESERVED.has(name))

const RESERVED: ReadonlySet<string> = new Set(
  fields.flatMap(([name, { reserved }]) => (reserved === undefined ? [] : [name])),
)

/**
 * The change that the holder of a registration access token requests, within the admin's bounds. Throws like
 * `parseRegistration` and `workingPart`.
 */
export async function changeByClient(
  rt: Runtime,
  stamp: RegistrationStamp,
  current: ClientRecord,
  body: unknown,
  supported: Supported,
): Promise<ClientChange> {
  const { config } = rt
  const parsed = parseRegistration(withBounds(body, current.bounds), config, 'registration_forbidden')
  const metadata = limited(config, current, parsed.metadata)
  const input = await workingPart(rt, { ...parsed, metadata }, supported, current.metadata)
  checkSectorStays(current.metadata, input.metadata, config.loopback)
  const isFree = current.bounds === null
  // Each change brings a new secret in place of one that ends, so a lost answer costs nothing; the older ones go on.
  const lacksSecret = current.secretHash === null || (isFree && secretEndOf(current) > 0)
  const needsSecret = lacksSecret && usesSecret(input.metadata.token_endpoint_auth_method)
  const moved = consentedTo(input.metadata) !== consentedTo(current.metadata)
  const changed = keepReserved(input.metadata, current.metadata)
  const unseen = reviewed(changed) !== reviewed(current.metadata)
  return {
    metadata: changed,
    ...(current.bounds !== null && unseen && { bounds: { ...current.bounds, unreviewed: true } }),
    ...(needsSecret && {
      secret: makeSecret(),
      secretEnd: isFree ? secretEnd(config) : 0,
      keepsSecrets: true,
    }),
    consentEpoch: current.consentEpoch + Number(moved),
    usedAt: usedNow(current),
    ...nextRegistration(stamp, current),
  }
}

/** What a client may change of itself: within an admin's bounds, or the policy if no admin ever changed it. */
function limited(config: Config, client: ClientRecord, wanted: ClientMetadata): ClientMetadata {
  const { bounds, initialAccess, metadata: current } = client
  const policies = policiesFor(config, initialAccess)
  if (bounds === null) return withinSector(withinPolicy(config, policies, wanted))
  checkBounds(config, bounds, wanted)
  checkRedirects(policies, wanted, current.redirect_uris ?? [])
  return isPairwiseByAdmin(client) && !isUnreviewed(client) ? wanted : withinSector(wanted)
}

/**
 * The change that an admin requests. Sets the bounds for the client's own changes; a change of its secret or keys ends
 * its registration access tokens.
 *
 * @param isWhole - whether the admin sent the whole client, and so saw all that people are shown of it
 */
export function changeByAdmin(
  current: ClientRecord,
  { metadata, secret, secretEnd: end }: ClientInput,
  isWhole: boolean,
): ClientChange {
  const proof = ({ token_endpoint_auth_method, jwks, jwks_uri }: ClientMetadata): string =>
    JSON.stringify([token_endpoint_auth_method, jwks, jwks_uri])
  const isProven = secret === undefined && proof(metadata) === proof(current.metadata)
  return {
    metadata,
    secret,
    secretEnd: end,
    bounds: boundsOf(metadata, !isWhole && isUnreviewed(current)),
    ...(!isProven && freshRegistration(current)),
  }
}

/** What users consented to: redirect URIs and scopes. A remembered consent must not cover a change of them. */
const consentedTo = ({ redirect_uris, scope }: ClientMetadata): string =>
  JSON.stringify([redirect_uris ?? [], scope.split(' ')].map((values) => values.toSorted()))

/**
 * Keeps the fields that only admins set and that a client's own change must not reset (contract 1.3.7: full
 * replacement).
 */
function keepReserved(metadata: ClientMetadata, current: ClientMetadata): ClientMetadata {
  const kept = fields.flatMap(([name, { reserved }]) => (reserved?.kept ? [name] : []))
  return v.parse(clientMetadata, { ...metadata, ...pick({ ...current }, (name) => kept.includes(name)) })
}
