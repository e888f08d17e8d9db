import type { Brand } from './brand.ts'

/** Id of a login session: the `sid` of ID tokens, the `login_session_id` of the admin API. */
export type Sid = Brand<string, 'sid'>

/** Id of a grant, which is its flow's: `consent_request_id`. */
export type GrantId = Brand<string, 'grant id'>

/** A `client_id`. */
export type ClientId = Brand<string, 'client id'>

/** Takes a text for the id of a session. */
export function sidOf(text: string): Sid
export function sidOf(text: string): string {
  return text
}

/** Takes a text for the id of a grant. */
export function grantIdOf(text: string): GrantId
export function grantIdOf(text: string): string {
  return text
}

/** Takes a text for the id of a client. */
export function clientIdOf(text: string): ClientId
export function clientIdOf(text: string): string {
  return text
}
