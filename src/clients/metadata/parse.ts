import * as v from 'valibot'
import { methodNamed } from '../../client-auth/methods.ts'
import type { Config } from '../../config/types.ts'
import { invalidMetadata, unusableField } from '../../errors/refusals.ts'
import { ACCESS_TOKEN_STRATEGIES } from '../../store/client-fields.ts'
import { isClientId } from '../../store/client-id.ts'
import { clientMetadata } from '../../store/client-metadata.ts'
import type { ClientMetadata } from '../../store/types.ts'
import { isSeenText } from '../../util/text.ts'
import { sectorHost } from '../sector.ts'
import { type ClientDraft, readDraft } from './draft.ts'
import {
  checkTexts,
  checkUrls,
  checkValue,
  checkValues,
  readFurther,
  readJwks,
  readLifespans,
  readLocalized,
} from './fields.ts'
import { checkAudience, checkPostLogoutUris, checkRedirectUris, readCorsOrigins } from './uris.ts'

const MIN_SECRET_LENGTH = 6
const MAX_SECRET_LENGTH = 1024

/** Maximum size of a client's metadata, in bytes of JSON: keeps D1 rows, copies and list pages small. */
const MAX_METADATA_BYTES = 100_000

/** A client as the admin API accepts it: validated, with all defaults filled in. */
export interface ClientInput {
  /** The requested id; `undefined` if the server chooses. */
  readonly id: string | undefined
  /** The secret in clear text; `undefined` if none was given. */
  readonly secret: string | undefined
  /** When the secret ends, seconds since the epoch, 0 for never; `undefined` if that was not said. */
  readonly secretEnd: number | undefined
  readonly metadata: ClientMetadata
}

/**
 * Validates a client's JSON (contract 2.1) in Hydra's order; ignores unknown fields. Throws `malformed_body` for wrong
 * JSON types, `invalid_redirect_uri` and `invalid_client_metadata` for broken rules.
 */
export function parseClient(body: unknown, config: Config): ClientInput {
  const { client_id, client_secret_expires_at: secretEnd, ...draft } = readDraft(body)
  const { client_secret, ...given } = draft
  checkTexts(draft)
  const judged = judge(draft, config)
  const further = { ...readFurther(body), localized: readLocalized(body) }
  // Fields that are left out or empty get their default.
  const said = Object.entries({ ...given, ...judged, ...further }).filter(
    ([, value]) => value !== '' && value !== null,
  )
  const metadata = v.parse(clientMetadata, Object.fromEntries(said))
  if (new TextEncoder().encode(JSON.stringify(metadata)).byteLength > MAX_METADATA_BYTES)
    throw invalidMetadata('metadata_too_large', { limit: MAX_METADATA_BYTES })
  return {
    id: client_id || undefined,
    secret: client_secret || undefined,
    secretEnd: secretEnd ?? undefined,
    metadata,
  }
}

/** Checks the requested id of a new client; throws `invalid_client_metadata`. */
export function checkClientId(id: string): void {
  if (!isClientId(id))
    throw unusableField(
      'client_id',
      "must have 1 to 255 characters, no control characters, and not be '.' or '..'",
    )
  // Pages show the id of a client without a name.
  if (!isSeenText(id)) throw unusableField('client_id', 'must not hold invisible characters')
}

/** Checks the rules in Hydra's order; returns the fields whose stored value differs from the given one. */
function judge(draft: Draft, config: Config) {
  const jwks = readJwks(draft.jwks)
  checkAuthMethod(draft, jwks !== null)
  checkUrls(draft)
  if (draft.backchannel_logout_uri.includes('#'))
    throw unusableField('backchannel_logout_uri', 'has a fragment')
  checkSecret(draft.client_secret)
  const origins = readCorsOrigins(draft.allowed_cors_origins)
  checkValues(draft)
  const redirectUris = draft.redirect_uris ?? []
  checkRedirectUris(redirectUris)
  checkAudience(draft.audience)
  const subjectType = readSubjectType(draft, config)
  checkPostLogoutUris(draft.post_logout_redirect_uris, redirectUris)
  const strategy = draft.access_token_strategy.toLowerCase()
  checkValue('access_token_strategy', strategy, ACCESS_TOKEN_STRATEGIES)
  return {
    ...readLifespans(draft),
    jwks,
    allowed_cors_origins: origins,
    scope: draft.scope || config.defaultClientScope,
    subject_type: subjectType,
    access_token_strategy: strategy,
  }
}

/** A client's JSON without its id and the end of its secret. */
type Draft = Omit<ClientDraft, 'client_id' | 'client_secret_expires_at'>

/**
 * Reads the subject type. A pairwise client needs one sector: its `sector_identifier_uri`, or the one https host of its
 * redirect URIs.
 */
function readSubjectType(draft: Draft, { subjects: { types }, loopback }: Config): string {
  const [preset = 'public'] = types.includes('public') ? [] : types
  checkValue('subject_type', draft.subject_type, types)
  const type = draft.subject_type || preset
  const sector = draft.sector_identifier_uri || sectorHost(draft.redirect_uris, loopback)
  if (type === 'pairwise' && sector === undefined) throw invalidMetadata('sector_missing')
  return type
}

function checkAuthMethod(draft: Draft, hasKeys: boolean): void {
  const hasUri = draft.jwks_uri !== ''
  if (hasKeys && hasUri) throw invalidMetadata('fields_conflict', { field: 'jwks', other: 'jwks_uri' })
  const problem = methodNamed(draft.token_endpoint_auth_method)?.metadataProblem({ ...draft, hasKeys })
  if (problem !== undefined) throw problem
}

function checkSecret(secret: string): void {
  if (secret === '' || (secret.length >= MIN_SECRET_LENGTH && secret.length <= MAX_SECRET_LENGTH)) return
  throw unusableField('client_secret', `must have ${MIN_SECRET_LENGTH} to ${MAX_SECRET_LENGTH} characters`)
}
