import type { Config } from '../config/types.ts'
import type { Parameters } from '../http/form.ts'
import type { Profile } from '../profiles/profile.ts'
import type { ClientRecord } from '../store/types.ts'
import type { RequestChannel } from './channels/channel.ts'
import type { ResponseMode } from './response-modes/mode.ts'

/** Where to send an answer. Known as soon as client and redirect URI are; sufficient to answer with an error. */
export interface Target {
  readonly client: ClientRecord
  readonly redirectUri: string
  readonly responseMode: ResponseMode
  /** Requested response types, each once and sorted; after the checks only `code`, `id_token` and `token`. */
  readonly responseTypes: readonly string[]
  readonly state: string | undefined
  /** Whether this is an OpenID Connect request (OIDC Core section 3.1.2.1). */
  readonly openid: boolean
}

/** A request before validation, from a known client. */
export interface Given {
  readonly client: ClientRecord
  readonly config: Config
  /** The rules that apply to the client. */
  readonly profile: Profile
  /** Raw query, as it is sealed into the flow. */
  readonly query: string
  readonly parameters: Parameters
  /** Whether the parameters come from a request object that the client signed. */
  readonly signed: boolean
  /** How many characters at the end of the query the client signed. */
  readonly signedTail: number
}

/** What a user logs in for and consents to, on any channel. */
export interface Requested extends Given {
  readonly scope: readonly string[]
  readonly audience: readonly string[]
  /** The part of the audience that was requested as resources (RFC 8707). */
  readonly resources: readonly string[]
  readonly prompt: readonly string[]
}

/** A request from a client that sends the browser itself: its target is known, the checks still have to pass. */
export interface AuthorizationRequest extends Requested, Target {}

/** A validated request with its channel, through which it is answered. */
export interface FlowRequest extends Requested {
  readonly channel: RequestChannel
}

/** One rule of the pipeline; throws the OAuthError to send to the client. */
export type Check = (request: AuthorizationRequest) => void

/** Whether `prompt` contains this value (OIDC Core section 3.1.2.1). */
export const asks = ({ prompt }: Requested, value: string): boolean => prompt.includes(value)

/**
 * `max_age` in seconds (OIDC Core section 3.1.2.1), or the client's default, or undefined. `check-prompt.ts` checks it.
 */
export function maxAge({ client, parameters }: Requested): number | undefined {
  const value = parameters.get('max_age')
  return value === undefined ? client.metadata.default_max_age : Number(value)
}
