import type { Config } from '../config/types.ts'
import type { ErrorCode } from '../errors/catalogue.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import type { ClientMetadata } from '../store/types.ts'
import { type ClientInput, parseClient } from './metadata.ts'
import { readDraft } from './metadata-shape.ts'
import { isEmpty } from './render.ts'

/** What only admins set, and what a client that sets it is answered with, as Hydra does. */
const RESERVED = [
  ['metadata', 'invalid_client_metadata'],
  ['access_token_strategy', 'malformed_body'],
  ['skip_consent', 'invalid_request'],
  ['skip_logout_consent', 'invalid_request'],
] as const

/**
 * Validates the metadata a client sends about itself (RFC 7591 section 2, contract 1.3.7). The id is never its choice.
 *
 * @param secretRefusal - what a `client_secret` in it is answered with
 * @throws as `parseClient`; `malformed_body`, `invalid_client_metadata` or `invalid_request` for what only admins set
 */
export function parseRegistration(body: unknown, config: Config, secretRefusal: ErrorCode): ClientInput {
  const draft = readDraft(body)
  if (draft.client_secret !== '')
    throw new OAuthError(secretRefusal, "The server chooses the 'client_secret'.")
  for (const [field, code] of RESERVED) {
    if (isEmpty(draft[field])) continue
    throw new OAuthError(code, `Field '${field}' cannot be set by dynamic client registration.`)
  }
  return { ...parseClient(body, config), id: undefined }
}

/**
 * A client's own change leaves alone what only admins set, but for the leave to skip consent: that was given for the
 * addresses and scopes of before (contract 1.3.7: full replacement).
 */
export const keepReserved = (metadata: ClientMetadata, current: ClientMetadata): ClientMetadata => ({
  ...metadata,
  metadata: current.metadata,
  access_token_strategy: current.access_token_strategy,
})
