import type { RequestContext } from '../../context.ts'
import type { JsonObject } from '../../util/json.ts'

/** The parts of a request that can prove possession of a key. */
export type ProvingRequest = Pick<Request, 'method' | 'url' | 'headers'>

/**
 * What a token is bound to: the kind of binding, and the thumbprint of the key. Null for a bearer token, which anybody
 * who has it may use.
 */
export type Confirmation = readonly [kind: string, thumbprint: string] | null

/** What is particular to one way of binding tokens to a key; `possession.ts` does the rest. */
export interface Binding {
  /** Its name in sealed tokens; it never changes. */
  readonly kind: string
  /** `token_type` in a token response (RFC 6749 section 5.1), and in introspection (RFC 7662 section 2.2). */
  readonly tokenType: string
  readonly introspectedType: string
  /** Authorization scheme for such tokens. */
  readonly scheme: string
  /**
   * Thumbprint of the key whose possession a request proves; `undefined` if it has no proof of this kind. Throws if the
   * proof is bad.
   *
   * @param token - the access token that the proof must belong to; null for a token request
   */
  prove(ctx: RequestContext, request: ProvingRequest, token: string | null): Promise<string | undefined>
  /** The `cnf` claim of a bound token (RFC 7800 section 3.1). */
  cnf(thumbprint: string): JsonObject | undefined
}
