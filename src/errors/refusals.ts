import { OAuthError } from './oauth-error.ts'
import type { Facts, Reason } from './reasons.ts'

/** The refusal of what a client is to be, with the rule that is broken. */
export const invalidMetadata = (reason: Reason, facts?: Facts): OAuthError =>
  new OAuthError('invalid_client_metadata', reason, facts)

/** The refusal of a field of a client's metadata, with what is wrong with it. */
export const unusableField = (field: string, problem: string): OAuthError =>
  invalidMetadata('metadata_unusable', { field, problem })

/** The refusal of a client that did not prove who it is, with what was wrong with its proof. */
export const invalidClient = (reason: Reason, facts?: Facts): OAuthError =>
  new OAuthError('invalid_client', reason, facts)

/** The refusal of a JSON body or query that cannot be read, with what it must be. */
export const malformedBody = (reason: Reason, facts?: Facts): OAuthError =>
  new OAuthError('malformed_body', reason, facts)

/** What is said of a client, key or issuer that is not there. */
export const resourceNotFound = (): OAuthError => new OAuthError('resource_not_found', 'entry_unknown')
