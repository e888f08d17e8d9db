import { OAuthError } from './oauth-error.ts'
import type { Facts, Reason } from './reasons.ts'

/** Returns the error for client metadata that breaks a rule. */
export const invalidMetadata = (reason: Reason, facts?: Facts): OAuthError =>
  new OAuthError('invalid_client_metadata', reason, facts)

/** Returns the error for a bad field of client metadata. `problem` follows the field's name. */
export const unusableField = (field: string, problem: string): OAuthError =>
  invalidMetadata('metadata_unusable', { field, problem })

/** Returns the error for a client that is not authenticated. */
export const invalidClient = (reason: Reason, facts?: Facts): OAuthError =>
  new OAuthError('invalid_client', reason, facts)

/** Returns the error for a JSON body or a query that cannot be read. */
export const malformedBody = (reason: Reason, facts?: Facts): OAuthError =>
  new OAuthError('malformed_body', reason, facts)

/** Returns the error for a client, key or issuer that does not exist. */
export const resourceNotFound = (): OAuthError => new OAuthError('resource_not_found', 'entry_unknown')
