/** What a document is; each reader knows the kinds that its software reads. */
export type Kind =
  | 'client'
  | 'clients'
  | 'consentRequest'
  | 'consentSessions'
  | 'deviceAuthorization'
  | 'discovery'
  | 'error'
  | 'health'
  | 'introspection'
  | 'jsonWebKey'
  | 'jsonWebKeySet'
  | 'loginRequest'
  | 'logoutRequest'
  | 'redirectTo'
  | 'registration'
  | 'token'
  | 'trustedIssuer'
  | 'trustedIssuers'
  | 'userinfo'
  | 'version'

/** Whose paths a document comes from: Hydra's v1, Hydra's v2, or those that every client shares. */
export type Paths = 'v1' | 'v2' | 'public'

/** One JSON document that Ladon answers, or might. */
export interface Document {
  readonly name: string
  readonly kind: Kind
  readonly paths: Paths
  /** The JSON itself: numbers may be larger than a program can hold. */
  readonly text: string
}
