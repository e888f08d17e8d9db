import type { Config } from '../config/types.ts'
import type { DeviceRef } from '../flow/state.ts'
import type { Parameters } from '../http/form.ts'
import type { ClientRecord } from '../store/types.ts'

/** How parameters reach the client (OAuth 2.0 Multiple Response Type Encoding Practices, section 2.1). */
export type ResponseMode = 'query' | 'fragment' | 'form_post'

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

/** A request under which a user logs in and consents, whoever asked. */
interface Requested {
  readonly client: ClientRecord
  readonly config: Config
  /** Raw query, as it will be sealed. */
  readonly query: string
  readonly parameters: Parameters
  readonly scope: readonly string[]
  readonly audience: readonly string[]
  /** What of the audience was asked for as a resource (RFC 8707). */
  readonly resources: readonly string[]
  readonly prompt: readonly string[]
}

/** An authorization request whose target is known; the checks decide whether the rest is allowed. */
export interface AuthorizationRequest extends Requested, Target {
  readonly device: null
}

/** The request of a device, which asks on a channel of its own: what goes wrong in the browser is shown there. */
export interface DeviceRequest extends Requested {
  readonly device: DeviceRef
}

export type FlowRequest = AuthorizationRequest | DeviceRequest

/** One rule of the pipeline: throws the OAuthError that the client is told. */
export type Check = (request: AuthorizationRequest) => void

/** A rule for requests of devices too. */
export type FlowCheck = (request: FlowRequest) => void

/** Whether a request has this value of `prompt` (OIDC Core section 3.1.2.1). */
export const asks = ({ prompt }: FlowRequest, value: string): boolean => prompt.includes(value)

/** `max_age` in seconds (OIDC Core section 3.1.2.1), else the client's default; undefined without. Checked by check-prompt. */
export function maxAge({ client, parameters }: FlowRequest): number | undefined {
  const value = parameters.get('max_age')
  return value === undefined ? client.metadata.default_max_age : Number(value)
}
