import type { Entries, Repeats } from '../http/repeats.ts'
import type { Seconds } from '../util/clock.ts'
import type { JsonObject } from '../util/json.ts'

/** A request that a parameter carries, such as a request object. */
export interface CarriedRequest {
  readonly members: JsonObject
  /** Whether the client signed it. */
  readonly signed: boolean
}

/**
 * The authorization rules that can differ by client or server. Checks and handlers ask the profile, and have no
 * conditions of their own on the client or the settings.
 */
export interface Profile {
  readonly name: string
  /**
   * Whether Basic credentials count alone if the body repeats their secret or has any `client_id`; otherwise such a
   * request is refused (RFC 6749 section 2.3).
   */
  readonly basicWins: boolean
  /** How repeated parameters are read. */
  readonly repeats: Repeats
  /** The values of `prompt`: those that discovery names, and those that are accepted. */
  readonly prompts: { readonly named: readonly string[]; readonly taken: readonly string[] }
  /** The minimum length of a nonce, in characters. */
  readonly nonceMinimum: number
  /** The lifetime of an authorization code. */
  readonly codeLifetime: Seconds
  /**
   * Returns the minimum length of `state`, in characters.
   * @param guarded whether a `code_challenge` or `nonce` protects the client too.
   */
  stateMinimum(guarded: boolean): number
  /** Whether the client must send a `code_challenge` (RFC 7636). */
  requiresPkce(client: { readonly public: boolean }): boolean
  /** Whether an answer may be sent to a redirect URI. */
  allowsRedirect(uri: { readonly secure: boolean }): boolean
  /** Whether every request must be a request object that the client signed (RFC 9101 section 10.5). */
  readonly requiresObject: boolean
  /**
   * Returns the parameters of a request with a request object.
   * @param beside the parameters beside the object.
   * @param own the parameters in the object.
   */
  merge(beside: Entries, carried: CarriedRequest, own: Entries): Entries
}
