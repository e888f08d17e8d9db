import type { RequestContext } from '../context.ts'
import type { ErrorCode } from '../errors/catalogue.ts'
import type { OAuthError } from '../errors/oauth-error.ts'
import type { Reason } from '../errors/reasons.ts'
import type { Parameters } from '../http/form.ts'
import type { ClientMetadata, ClientRecord } from '../store/types.ts'

/** What of a request a client may authenticate by. */
export interface ClientRequest {
  readonly authorization: string | undefined
  readonly form: Parameters
}

/** Whom a request names, and what is to prove it; a null proof only names the client. */
export interface Named<Proof> {
  readonly id: string
  readonly proof: Proof | null
}

/** What proves a client once. */
export interface Replay {
  /** By which it is known again. */
  readonly id: string
  /** Until when it could be used, seconds since the epoch. */
  readonly expiresAt: number
  /** The whole of it: a try whose answer was lost brings the very same. */
  readonly text: string
}

/** The metadata that a method has rules for. */
export type AuthMetadata = Pick<ClientMetadata, 'jwks_uri' | 'token_endpoint_auth_signing_alg'> & {
  readonly hasKeys: boolean
}

/** One method of client authentication: what is its own. All else is the frame's (`authenticate.ts`). */
export interface ClientAuthDefinition<Proof> {
  /** Its name in `token_endpoint_auth_method`. */
  readonly method: string
  /** The more, the stronger; a client may not change itself to a weaker one than an admin set. */
  readonly strength: number
  /** What it proves itself by: a client that is made anew under its id must prove the same. */
  readonly provenBy: 'secret' | 'keys' | 'nothing'
  /** The error where `client_id` names another client than the credentials. */
  readonly otherClient: ErrorCode
  /** Whether a request brings credentials of this method, good or bad. */
  isPresent(request: ClientRequest): boolean
  /** Reads them with no storage read. Throws what is wrong with their form. */
  read(ctx: RequestContext, request: ClientRequest): Named<Proof>
  /** Whether they prove this client. */
  verify(ctx: RequestContext, client: ClientRecord, proof: Proof): Promise<boolean>
  /** Why they do not. */
  readonly unproven: Reason
  /** Whether the client is told so, rather than only that it failed. */
  readonly tellsUnproven: boolean
  /** What of a proof counts once; null for a secret, which is the same each time. */
  replay(proof: Proof): Replay | null
  /** What is wrong with the metadata of a client of this method, or `undefined`. */
  metadataProblem(metadata: AuthMetadata): OAuthError | undefined
}

/** Credentials as the frame holds them, whatever their proof is. */
export interface Credentials {
  readonly id: string
  /** Null where the request only names the client. */
  readonly proof: {
    readonly replay: Replay | null
    verify(ctx: RequestContext, client: ClientRecord): Promise<boolean>
  } | null
}

/** A method as the frame runs it. */
export interface ClientAuthMethod extends Omit<ClientAuthDefinition<unknown>, 'read' | 'verify' | 'replay'> {
  read(ctx: RequestContext, request: ClientRequest): Credentials
}

/** A method with its proof closed in. */
export const defineMethod = <Proof>(definition: ClientAuthDefinition<Proof>): ClientAuthMethod => ({
  ...definition,
  read(ctx, request) {
    const { id, proof } = definition.read(ctx, request)
    if (proof === null) return { id, proof: null }
    const verify = (own: RequestContext, client: ClientRecord): Promise<boolean> =>
      definition.verify(own, client, proof)
    return { id, proof: { replay: definition.replay(proof), verify } }
  },
})
