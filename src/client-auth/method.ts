import type { Proven } from '../clients/secret.ts'
import type { RequestContext } from '../context.ts'
import type { ErrorCode } from '../errors/catalogue.ts'
import type { OAuthError } from '../errors/oauth-error.ts'
import type { Reason } from '../errors/reasons.ts'
import type { Parameters } from '../http/form.ts'
import type { ClientMetadata, ClientRecord } from '../store/types.ts'

/** The parts of a request that can authenticate a client. */
export interface ClientRequest {
  readonly authorization: string | undefined
  readonly form: Parameters
}

/** The client that a request claims to be, and its proof; without a proof the client only identifies itself. */
export interface Named<Proof> {
  readonly id: string
  readonly proof: Proof | null
}

/** A proof that may be used once. */
export interface Replay {
  /** Identifies it in the record of spent proofs. */
  readonly id: string
  /** When it expires, in seconds since the epoch. */
  readonly expiresAt: number
  /** The complete proof: a request that is sent again after a lost answer has the same. */
  readonly text: string
}

/** The client metadata that methods have rules for. */
export type AuthMetadata = Pick<ClientMetadata, 'jwks_uri' | 'token_endpoint_auth_signing_alg'> & {
  readonly hasKeys: boolean
}

/** What is particular to one method of client authentication; `authenticate.ts` does the rest. */
export interface ClientAuthDefinition<Proof> {
  /** Its name in `token_endpoint_auth_method`. */
  readonly method: string
  /** A higher number is stronger. A client may not change itself to a weaker method than an admin set. */
  readonly strength: number
  /** What the proof rests on. A client that is re-created during a request must have the same. */
  readonly provenBy: 'secret' | 'keys' | 'nothing'
  /** The error if `client_id` is another client than the credentials'. */
  readonly otherClient: ErrorCode
  /** Whether a request has credentials of this method, valid or not. */
  isPresent(request: ClientRequest): boolean
  /** Reads the credentials without a storage read. Throws if they are malformed. */
  read(ctx: RequestContext, request: ClientRequest): Named<Proof>
  /** Whether the proof is this client's. */
  verify(ctx: RequestContext, client: ClientRecord, proof: Proof): Promise<Proven>
  /** The reason to log if it is not. */
  readonly unproven: Reason
  /** Whether the client gets that reason, instead of only that authentication failed. */
  readonly tellsUnproven: boolean
  /** The part of a proof that may be used once; null for a secret, which is reused. */
  replay(proof: Proof): Replay | null
  /** What is wrong with the metadata of a client that uses this method; `undefined` if nothing is. */
  metadataProblem(metadata: AuthMetadata): OAuthError | undefined
}

/** Credentials of any method. */
export interface Credentials {
  readonly id: string
  /** Null if the request only identifies the client. */
  readonly proof: {
    readonly replay: Replay | null
    /** The proof itself if it is a secret, else null. */
    readonly secret: string | null
    verify(ctx: RequestContext, client: ClientRecord): Promise<Proven>
  } | null
}

/** A method as `authenticate.ts` uses it. */
export interface ClientAuthMethod extends Omit<ClientAuthDefinition<unknown>, 'read' | 'verify' | 'replay'> {
  read(ctx: RequestContext, request: ClientRequest): Credentials
}

/** Defines a method, and hides the type of its proof. */
export const defineMethod = <Proof>(definition: ClientAuthDefinition<Proof>): ClientAuthMethod => ({
  ...definition,
  read(ctx, request) {
    const { id, proof } = definition.read(ctx, request)
    if (proof === null) return { id, proof: null }
    const verify = (own: RequestContext, client: ClientRecord): Promise<Proven> =>
      definition.verify(own, client, proof)
    const secret = definition.provenBy === 'secret' && typeof proof === 'string' ? proof : null
    return { id, proof: { replay: definition.replay(proof), secret, verify } }
  },
})
