import type { Config } from '../config/types.ts'
import type { Parameters } from '../http/form.ts'
import type { Profile } from '../profiles/profile.ts'
import type { ClientRecord } from '../store/types.ts'
import type { RequestChannel } from './channels/channel.ts'
import type { ResponseMode } from './response-modes/mode.ts'

/** Where an answer goes: known once client and redirect URI are, and all an error needs. */
export interface Target {
  readonly client: ClientRecord
  readonly redirectUri: string
  readonly responseMode: ResponseMode
  /** What is asked for, each once and in order: of `code`, `id_token` and `token`, once checked. */
  readonly responseTypes: readonly string[]
  readonly state: string | undefined
  /** Whether it is an OpenID Connect request (OIDC Core section 3.1.2.1). */
  readonly openid: boolean
}

/** A request as it came, from a client that is known. */
export interface Given {
  readonly client: ClientRecord
  readonly config: Config
  /** The rules that hold for the client. */
  readonly profile: Profile
  /** Raw query, as it will be sealed. */
  readonly query: string
  readonly parameters: Parameters
}

/** What a request asks for under which a user logs in and consents, whoever asked. */
export interface Requested extends Given {
  readonly scope: readonly string[]
  readonly audience: readonly string[]
  /** What of the audience was asked for as a resource (RFC 8707). */
  readonly resources: readonly string[]
  readonly prompt: readonly string[]
}

/** The request of a client that sends the browser: its target is known, the checks decide whether the rest is allowed. */
export interface AuthorizationRequest extends Requested, Target {}

/** A request that is allowed, with the channel that it came by: whatever is told whoever asked goes through that. */
export interface FlowRequest extends Requested {
  readonly channel: RequestChannel
}

/** One rule of the pipeline: throws the OAuthError that the client is told. */
export type Check = (request: AuthorizationRequest) => void

/** Whether a request has this value of `prompt` (OIDC Core section 3.1.2.1). */
export const asks = ({ prompt }: Requested, value: string): boolean => prompt.includes(value)

/** `max_age` in seconds (OIDC Core section 3.1.2.1), else the client's default; undefined without. Checked by check-prompt. */
export function maxAge({ client, parameters }: Requested): number | undefined {
  const value = parameters.get('max_age')
  return value === undefined ? client.metadata.default_max_age : Number(value)
}
