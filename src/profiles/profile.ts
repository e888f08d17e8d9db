import type { Entries } from '../http/form.ts'
import type { Seconds } from '../util/clock.ts'
import type { JsonObject } from '../util/json.ts'

/** A request object, or what else carries a request: its members, and whether the client signed them. */
export interface CarriedRequest {
  readonly members: JsonObject
  readonly signed: boolean
}

/**
 * The rules of authorization that differ by client or server. Checks and handlers ask these; they hold no condition of
 * their own on who asks or how the server is set.
 */
export interface Profile {
  readonly name: string
  /** Parameters that may come more than once (RFC 6749 section 3.1 forbids it, RFC 8707 section 2 does not). */
  readonly repeatable: ReadonlySet<string>
  /** Values of `prompt`: those that discovery names, and all that are taken. */
  readonly prompts: { readonly named: readonly string[]; readonly taken: readonly string[] }
  /** Fewest characters of a nonce. */
  readonly nonceMinimum: number
  /** Seconds that an authorization code lives. */
  readonly codeLifetime: Seconds
  /** Fewest characters of `state`; guarded: beside a `code_challenge` or `nonce`, which protect the client too. */
  stateMinimum(guarded: boolean): number
  /** Whether the client has to send a `code_challenge` (RFC 7636). */
  requiresPkce(client: { readonly public: boolean }): boolean
  /** Whether an answer may go to this redirect URI. */
  allowsRedirect(uri: { readonly secure: boolean }): boolean
  /** Whether a request object counts, by the parameters beside it: it is the whole request, or one of OpenID Connect. */
  countsObject(beside: { readonly whole: boolean; readonly openid: boolean }): boolean
  /** The parameters of a request of which some came in an object, by those beside it and its own. */
  merge(beside: Entries, carried: CarriedRequest, own: Entries): Entries
}
