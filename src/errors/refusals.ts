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

/** What administrators name by an id. */
type EntryKind = 'client' | 'key set' | 'key' | 'trusted issuer' | 'initial access token'

/** Returns the error for an entry that does not exist. Only administrators get it: they may know what there is. */
export const resourceNotFound = (kind: EntryKind, id: string): OAuthError =>
  new OAuthError('resource_not_found', 'entry_unknown', { kind, id })

/** Returns the error for a new entry of which there is one already. */
export const resourceExists = (kind: EntryKind, id: string): OAuthError =>
  new OAuthError('resource_exists', 'entry_exists', { kind, id })
