import type { ContentfulStatusCode } from 'hono/utils/http-status'

/** One kind of failure. */
export interface Failure {
  /** The HTTP status. */
  readonly status: ContentfulStatusCode
  /** The `error` member of the answer. */
  readonly error: string
  /** A sentence that tells a person what to do. */
  readonly description: string
}

/** Status, description, and the `error` value unless it is the entry's name. */
type Entry = readonly [status: ContentfulStatusCode, description: string, error?: string]

/** The sentences that the admin API's older errors have in place of a code. */
const UNAUTHORIZED = 'The request could not be authorized'
const FORBIDDEN = 'The requested action was forbidden'

/**
 * The closed catalogue of failures (contract sections 0.3 and 0.4). A key is the `error` value of its entry, unless the
 * entry names another one: the admin API's older errors have a sentence there.
 */
const entries = {
  invalid_request: [400, 'The request lacks a required parameter, repeats one, or holds a malformed value.'],
  invalid_client: [
    401,
    'Client authentication failed: unknown client, no credentials, or credentials that do not match.',
  ],
  invalid_grant: [
    400,
    'The authorization code, refresh token or other grant is invalid, expired, revoked, or belongs to another client.',
  ],
  jti_known: [400, 'The assertion was used before; each one counts once.'],
  invalid_scope: [400, 'A requested scope is unknown, malformed, or not allowed for this client.'],
  invalid_target: [400, 'A requested resource is unknown, malformed, or not allowed for this client.'],
  invalid_state: [400, 'The state parameter is missing or too short to protect the client.'],
  insufficient_entropy: [400, 'A value that must be hard to guess is too short.'],
  unauthorized_client: [400, 'This client may not use this grant type.'],
  unsupported_response_type: [400, 'The response type is unknown or not registered for this client.'],
  unsupported_response_mode: [400, 'The response mode is unknown or does not fit the response type.'],
  access_denied: [403, 'The request was denied by the resource owner or the authorization server.'],
  authorization_pending: [400, 'The user has not answered yet: go on polling.'],
  slow_down: [400, 'Polls come too often: wait five seconds longer from now on.'],
  missing_proof: [400, 'Ask again with a proof that carries this nonce.'],
  expired_token: [400, 'The device code has expired: start again.'],
  device_denied: [400, 'The user said no.', 'access_denied'],
  too_many_requests: [429, 'Too many such requests came: wait, then go on.'],
  server_error: [500, 'The server met a condition it did not expect; the request id leads to the log entry.'],
  temporarily_unavailable: [503, 'The server cannot answer just now; repeat the same request shortly.'],
  misconfiguration: [503, 'The server lacks a setting it needs, or a setting has an unusable value.'],
  request_unauthorized: [
    401,
    'The request could not be authorized: its token or flow is missing, unknown, expired or revoked.',
  ],
  request_forbidden: [
    403,
    'The request is not allowed in this browser: it does not continue a flow that was started here.',
  ],
  invalid_token: [401, 'The access token has expired.'],
  insufficient_scope: [403, 'The access token does not cover what was asked for.'],
  scope_not_granted: [403, 'The token was not granted the scope this request needs.'],
  unmet_authentication_requirements: [400, 'The end-user was not authenticated as the request demands.'],
  invalid_request_object: [400, 'The request object is malformed, unproven, expired or for somebody else.'],
  invalid_request_uri: [400, 'The request_uri is not registered, or leads to no request object.'],
  login_required: [400, 'The end-user has to log in.'],
  consent_required: [400, 'The end-user has to consent.'],
  registration_not_supported: [400, 'The registration parameter is not supported.'],
  invalid_client_metadata: [400, 'A client metadata field has an invalid value.'],
  invalid_redirect_uri: [400, 'A redirect URI is invalid.'],
  malformed_body: [
    400,
    'The body or a query parameter could not be understood.',
    'The request was malformed or contained invalid parameters',
  ],
  unusable_algorithm: [400, 'No key can be made for this algorithm.', 'Bad Request'],
  admin_unauthorized: [
    401,
    'The admin API needs an Authorization header with a valid API key.',
    UNAUTHORIZED,
  ],
  admin_forbidden: [403, 'This API key does not cover this part of the admin API.', FORBIDDEN],
  registration_unauthorized: [
    401,
    'The registration access token is missing or not the current one of this client.',
    UNAUTHORIZED,
  ],
  initial_access_required: [
    401,
    'To register takes an initial access token that is alive and has uses left.',
    'invalid_token',
  ],
  registration_forbidden: [403, 'A client cannot change this of itself.', FORBIDDEN],
  registration_disabled: [
    404,
    'Dynamic client registration is turned off.',
    'The requested resource could not be found',
  ],
  missing_required_parameter: [
    400,
    'A field of the trust relationship is missing or does not go with another.',
  ],
  undecodable_body: [400, 'The body is not a JSON object of the expected form.', 'error'],
  resource_not_found: [404, '', 'Unable to locate the resource'],
  challenge_not_found: [404, 'Unable to locate the requested resource', 'Not Found'],
  key_set_not_found: [404, 'Unable to locate the requested resource', 'Not Found'],
  method_not_allowed: [405, 'This path takes other methods.'],
  resource_exists: [
    409,
    '',
    'Unable to insert or update resource because a resource with that value exists already',
  ],
  body_too_large: [413, 'The request body is too large.', 'invalid_request'],
  misdirected_request: [421, 'This server does not answer for the requested host.'],
} as const satisfies Record<string, Entry>

/** The name of a failure in the catalogue. */
export type ErrorCode = keyof typeof entries

/** Returns the catalogue's entry of a name. */
export function failureOf(code: ErrorCode): Failure {
  const [status, description, error = code]: Entry = entries[code]
  return { status, error, description }
}

/** Returns every code of the catalogue. */
export const allCodes = (): readonly ErrorCode[] => Object.keys(entries).filter(isCode)

/** Whether a text is the name of a failure in the catalogue. */
export const isCode = (name: string): name is ErrorCode => Object.hasOwn(entries, name)

/**
 * Returns the anchor of a code in docs/errors.md: the `error` value, so that the anchor says no more than that; the
 * code where that value is a sentence.
 */
export function anchorOf(code: ErrorCode): string {
  const { error } = failureOf(code)
  return isCode(error) ? error : code
}
