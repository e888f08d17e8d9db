/** Operations that are not there yet: each fails in every generation, and this test fails once one does not. */
export const pending: readonly string[] = [
  'setOAuth2ClientLifespans',
  'rotateOAuth2ClientSecret',
  'deleteRotatedOAuth2ClientSecrets',
  'deleteOAuth2Token',
  'createJsonWebKeySet',
  'getJsonWebKeySet',
  'getJsonWebKey',
  'setJsonWebKeySet',
  'setJsonWebKey',
  'deleteJsonWebKey',
  'deleteJsonWebKeySet',
  'trustOAuth2JwtGrantIssuer',
  'getTrustedOAuth2JwtGrantIssuer',
  'listTrustedOAuth2JwtGrantIssuers',
  'deleteTrustedOAuth2JwtGrantIssuer',
  'oAuth2DeviceFlow',
  'performOAuth2DeviceVerificationFlow',
  'acceptUserCodeRequest',
  'createOidcDynamicClient',
  'getOidcDynamicClient',
  'setOidcDynamicClient',
  'deleteOidcDynamicClient',
  'createVerifiableCredential',
]

/** A cell that cannot be green, and why. */
export interface Fault {
  readonly operation: string
  readonly generations: readonly string[]
  readonly reason: string
  /** How it fails: the status the SDK gets, or words of the error it throws. The test checks that it still does. */
  readonly fails: number | string
}

export const faults: readonly Fault[] = []
