/** One kind of failure: its HTTP status, the `error` value on the wire and a sentence a person can act on. */
export interface Failure {
  readonly status: number
  readonly error: string
  readonly description: string
}

const oauth = (status: number, error: string, description: string): Failure => ({
  status,
  error,
  description,
})

/**
 * The closed catalogue of failures (contract sections 0.3 and 0.4). The keys are our own names, equal to the
 * wire value wherever that is a code; the admin API's older errors put a sentence there instead.
 */
export const catalogue = {
  invalid_request: oauth(
    400,
    'invalid_request',
    'The request lacks a required parameter, repeats one, or holds a malformed value.',
  ),
  invalid_client: oauth(
    401,
    'invalid_client',
    'Client authentication failed: unknown client, no credentials, or credentials that do not match.',
  ),
  invalid_grant: oauth(
    400,
    'invalid_grant',
    'The authorization code, refresh token or other grant is invalid, expired, revoked, or belongs to another client.',
  ),
  jti_known: oauth(400, 'jti_known', 'The assertion was used before; each one counts once.'),
  invalid_scope: oauth(
    400,
    'invalid_scope',
    'A requested scope is unknown, malformed, or not allowed for this client.',
  ),
  invalid_state: oauth(
    400,
    'invalid_state',
    'The state parameter is missing or too short to protect the client.',
  ),
  insufficient_entropy: oauth(
    400,
    'insufficient_entropy',
    'A value that must be hard to guess is too short.',
  ),
  unauthorized_client: oauth(400, 'unauthorized_client', 'This client may not use this grant type.'),
  unsupported_response_type: oauth(
    400,
    'unsupported_response_type',
    'The response type is unknown or not registered for this client.',
  ),
  unsupported_response_mode: oauth(
    400,
    'unsupported_response_mode',
    'The response mode is unknown or does not fit the response type.',
  ),
  access_denied: oauth(
    403,
    'access_denied',
    'The request was denied by the resource owner or the authorization server.',
  ),
  authorization_pending: oauth(400, 'authorization_pending', 'The user has not answered yet: go on polling.'),
  slow_down: oauth(
    400,
    'slow_down',
    'The user has not answered yet, and the device polls too often: wait five seconds longer from now on.',
  ),
  missing_proof: oauth(400, 'missing_proof', 'Ask again with a proof that carries this nonce.'),
  expired_token: oauth(400, 'expired_token', 'The device code has expired: start again.'),
  device_denied: oauth(400, 'access_denied', 'The user said no.'),
  server_error: oauth(
    500,
    'server_error',
    'The server met a condition it did not expect; the request id leads to the log entry.',
  ),
  temporarily_unavailable: oauth(
    503,
    'temporarily_unavailable',
    'The server cannot answer just now; repeat the same request shortly.',
  ),
  misconfiguration: oauth(
    503,
    'misconfiguration',
    'The server lacks a setting it needs, or a setting has an unusable value.',
  ),
  request_unauthorized: oauth(
    401,
    'request_unauthorized',
    'The request could not be authorized: its token or flow is missing, unknown, expired or revoked.',
  ),
  request_forbidden: oauth(
    403,
    'request_forbidden',
    'The request is not allowed in this browser: it does not continue a flow that was started here.',
  ),
  invalid_token: oauth(401, 'invalid_token', 'The access token has expired.'),
  scope_not_granted: oauth(
    403,
    'scope_not_granted',
    'The token was not granted the scope this request needs.',
  ),
  login_required: oauth(400, 'login_required', 'The end-user has to log in.'),
  consent_required: oauth(400, 'consent_required', 'The end-user has to consent.'),
  request_not_supported: oauth(400, 'request_not_supported', 'Request objects by value are not supported.'),
  request_uri_not_supported: oauth(
    400,
    'request_uri_not_supported',
    'Request objects by reference are not supported.',
  ),
  registration_not_supported: oauth(
    400,
    'registration_not_supported',
    'The registration parameter is not supported.',
  ),
  invalid_client_metadata: oauth(
    400,
    'invalid_client_metadata',
    'A client metadata field has an invalid value.',
  ),
  invalid_redirect_uri: oauth(400, 'invalid_redirect_uri', 'A redirect URI is invalid.'),
  malformed_body: oauth(
    400,
    'The request was malformed or contained invalid parameters',
    'The body or a query parameter could not be understood.',
  ),
  unusable_algorithm: oauth(400, 'Bad Request', 'No key can be made for this algorithm.'),
  admin_unauthorized: oauth(
    401,
    'The request could not be authorized',
    'The admin API needs an Authorization header with a valid API key.',
  ),
  admin_forbidden: oauth(
    403,
    'The requested action was forbidden',
    'This API key does not cover this part of the admin API.',
  ),
  registration_unauthorized: oauth(
    401,
    'The request could not be authorized',
    'The registration access token is missing or not the current one of this client.',
  ),
  registration_forbidden: oauth(
    403,
    'The requested action was forbidden',
    'A client cannot change this of itself.',
  ),
  registration_disabled: oauth(
    404,
    'The requested resource could not be found',
    'Dynamic client registration is turned off.',
  ),
  missing_required_parameter: oauth(
    400,
    'missing_required_parameter',
    'A field of the trust relationship is missing or does not go with another.',
  ),
  undecodable_body: oauth(400, 'error', 'The body is not a JSON object of the expected form.'),
  outbound_failed: oauth(
    500,
    'server_error',
    'Another server, which this one had to ask, gave no usable answer.',
  ),
  resource_not_found: oauth(404, 'Unable to locate the resource', ''),
  challenge_not_found: oauth(404, 'Not Found', 'Unable to locate the requested resource'),
  resource_exists: oauth(
    409,
    'Unable to insert or update resource because a resource with that value exists already',
    '',
  ),
  body_too_large: oauth(413, 'invalid_request', 'The request body is larger than 1 MiB.'),
  misdirected_request: oauth(
    421,
    'misdirected_request',
    'This server does not answer for the requested host.',
  ),
} as const satisfies Record<string, Failure>

/** Name of a failure in the catalogue. */
export type ErrorCode = keyof typeof catalogue
