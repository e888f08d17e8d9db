import type { RequestContext } from '../../context.ts'
import type { JsonObject } from '../../util/json.ts'

/** What of a request may prove that a key is held. */
export type ProvingRequest = Pick<Request, 'method' | 'url' | 'headers'>

/** What a token is bound to: by which binding, and the thumbprint of the key. Null: whoever bears it may use it. */
export type Confirmation = readonly [kind: string, thumbprint: string] | null

/** One way to bind tokens to who they are for: what is its own. All else is the frame's (`possession.ts`). */
export interface Binding {
  /** Its name under seal; it never changes. */
  readonly kind: string
  /** `token_type` of a token response (RFC 6749 section 5.1), and of introspection (RFC 7662 section 2.2). */
  readonly tokenType: string
  readonly introspectedType: string
  /** Scheme of the Authorization header that brings such a token. */
  readonly scheme: string
  /**
   * Thumbprint of the key that a request proves to hold, `undefined` for one that brings no proof of this kind. Throws
   * what is wrong with a proof.
   *
   * @param token - the access token that the proof is to go with; null where tokens are asked for
   */
  prove(ctx: RequestContext, request: ProvingRequest, token: string | null): Promise<string | undefined>
  /** The `cnf` claim of a bound token (RFC 7800 section 3.1). */
  cnf(thumbprint: string): JsonObject | undefined
}
