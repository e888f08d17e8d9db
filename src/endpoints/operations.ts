/*
 * The names of operations in the OpenAPI document, which become the names of methods in generated clients. For what
 * Hydra has they are Hydra's.
 */

/** The ids of Hydra 26.2's operations, by method and path. */
export const HYDRA_OPERATIONS: Readonly<Record<string, string>> = {
  'GET /.well-known/jwks.json': 'discoverJsonWebKeys',
  'GET /.well-known/openid-configuration': 'discoverOidcConfiguration',
  'GET /admin/clients': 'listOAuth2Clients',
  'POST /admin/clients': 'createOAuth2Client',
  'DELETE /admin/clients/{id}': 'deleteOAuth2Client',
  'GET /admin/clients/{id}': 'getOAuth2Client',
  'PATCH /admin/clients/{id}': 'patchOAuth2Client',
  'PUT /admin/clients/{id}': 'setOAuth2Client',
  'PUT /admin/clients/{id}/lifespans': 'setOAuth2ClientLifespans',
  'DELETE /admin/clients/{id}/secrets/rotate': 'deleteRotatedOAuth2ClientSecrets',
  'POST /admin/clients/{id}/secrets/rotate': 'rotateOAuth2ClientSecret',
  'DELETE /admin/keys/{set}': 'deleteJsonWebKeySet',
  'GET /admin/keys/{set}': 'getJsonWebKeySet',
  'POST /admin/keys/{set}': 'createJsonWebKeySet',
  'PUT /admin/keys/{set}': 'setJsonWebKeySet',
  'DELETE /admin/keys/{set}/{kid}': 'deleteJsonWebKey',
  'GET /admin/keys/{set}/{kid}': 'getJsonWebKey',
  'PUT /admin/keys/{set}/{kid}': 'setJsonWebKey',
  'GET /admin/oauth2/auth/requests/consent': 'getOAuth2ConsentRequest',
  'PUT /admin/oauth2/auth/requests/consent/accept': 'acceptOAuth2ConsentRequest',
  'PUT /admin/oauth2/auth/requests/consent/reject': 'rejectOAuth2ConsentRequest',
  'PUT /admin/oauth2/auth/requests/device/accept': 'acceptUserCodeRequest',
  'GET /admin/oauth2/auth/requests/login': 'getOAuth2LoginRequest',
  'PUT /admin/oauth2/auth/requests/login/accept': 'acceptOAuth2LoginRequest',
  'PUT /admin/oauth2/auth/requests/login/reject': 'rejectOAuth2LoginRequest',
  'GET /admin/oauth2/auth/requests/logout': 'getOAuth2LogoutRequest',
  'PUT /admin/oauth2/auth/requests/logout/accept': 'acceptOAuth2LogoutRequest',
  'PUT /admin/oauth2/auth/requests/logout/reject': 'rejectOAuth2LogoutRequest',
  'DELETE /admin/oauth2/auth/sessions/consent': 'revokeOAuth2ConsentSessions',
  'GET /admin/oauth2/auth/sessions/consent': 'listOAuth2ConsentSessions',
  'DELETE /admin/oauth2/auth/sessions/login': 'revokeOAuth2LoginSessions',
  'POST /admin/oauth2/introspect': 'introspectOAuth2Token',
  'DELETE /admin/oauth2/tokens': 'deleteOAuth2Token',
  'GET /admin/trust/grants/jwt-bearer/issuers': 'listTrustedOAuth2JwtGrantIssuers',
  'POST /admin/trust/grants/jwt-bearer/issuers': 'trustOAuth2JwtGrantIssuer',
  'DELETE /admin/trust/grants/jwt-bearer/issuers/{id}': 'deleteTrustedOAuth2JwtGrantIssuer',
  'GET /admin/trust/grants/jwt-bearer/issuers/{id}': 'getTrustedOAuth2JwtGrantIssuer',
  'POST /credentials': 'createVerifiableCredential',
  'GET /health/alive': 'isAlive',
  'GET /health/ready': 'isReady',
  'GET /oauth2/auth': 'oAuth2Authorize',
  'POST /oauth2/device/auth': 'oAuth2DeviceFlow',
  'GET /oauth2/device/verify': 'performOAuth2DeviceVerificationFlow',
  'POST /oauth2/register': 'createOidcDynamicClient',
  'DELETE /oauth2/register/{id}': 'deleteOidcDynamicClient',
  'GET /oauth2/register/{id}': 'getOidcDynamicClient',
  'PUT /oauth2/register/{id}': 'setOidcDynamicClient',
  'POST /oauth2/revoke': 'revokeOAuth2Token',
  'GET /oauth2/sessions/logout': 'revokeOidcSession',
  'POST /oauth2/token': 'oauth2TokenExchange',
  'GET /userinfo': 'getOidcUserInfo',
  'GET /version': 'getVersion',
}

/** Returns the id of an operation: Hydra's, or else made of method and path. */
export function operationId(method: string, path: string): string {
  const known = HYDRA_OPERATIONS[`${method} ${path}`]
  if (known !== undefined) return known
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== '')
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}
