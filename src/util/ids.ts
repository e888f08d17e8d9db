import type { Brand } from './brand.ts'

/** The id of a login session: the `sid` of ID tokens, the `login_session_id` of the admin API. */
export type Sid = Brand<string, 'sid'>

/** The id of a grant and of its flow: the `consent_request_id` of the admin API. */
export type GrantId = Brand<string, 'grant id'>

/** A `client_id`. */
export type ClientId = Brand<string, 'client id'>

/** Returns a text as the id of a session, without checking it. */
export function sidOf(text: string): Sid
export function sidOf(text: string): string {
  return text
}

/** Returns a text as the id of a grant, without checking it. */
export function grantIdOf(text: string): GrantId
export function grantIdOf(text: string): string {
  return text
}

/** Returns a text as the id of a client, without checking it. */
export function clientIdOf(text: string): ClientId
export function clientIdOf(text: string): string {
  return text
}
