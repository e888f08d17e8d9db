import type { Members } from '../http/members.ts'

/*
 * The members that answers have in Hydra v1.11. Readers of that time refuse a whole answer because of one that they do
 * not know, so paths of v1 have no other.
 */

const named = (...names: readonly string[]): Members =>
  Object.fromEntries(names.flatMap((line) => line.split(' ')).map((name) => [name, 'any']))

const registered = named(
  'client_id client_name client_secret client_secret_expires_at redirect_uris grant_types response_types scope',
  'audience owner policy_uri tos_uri client_uri logo_uri allowed_cors_origins contacts subject_type',
  'sector_identifier_uri jwks jwks_uri token_endpoint_auth_method token_endpoint_auth_signing_alg request_uris',
  'request_object_signing_alg userinfo_signed_response_alg frontchannel_logout_uri backchannel_logout_uri',
  'frontchannel_logout_session_required backchannel_logout_session_required post_logout_redirect_uris metadata',
  'created_at updated_at authorization_code_grant_access_token_lifespan',
  'authorization_code_grant_id_token_lifespan authorization_code_grant_refresh_token_lifespan',
  'client_credentials_grant_access_token_lifespan implicit_grant_access_token_lifespan',
  'implicit_grant_id_token_lifespan jwt_bearer_grant_access_token_lifespan',
  'refresh_token_grant_access_token_lifespan refresh_token_grant_id_token_lifespan',
  'refresh_token_grant_refresh_token_lifespan',
)

/** A client that an admin asks for. Readers of v1.9 know no registration token, and every new client has one. */
export const v1Client: Members = registered

/** A client that registered itself. */
export const v1Registration: Members = {
  ...registered,
  ...named('registration_access_token registration_client_uri'),
}

const request: Members = {
  ...named('challenge requested_scope requested_access_token_audience skip subject request_url'),
  oidc_context: named('acr_values display id_token_hint_claims login_hint ui_locales'),
  client: v1Client,
}

export const v1LoginRequest: Members = { ...request, ...named('session_id') }

/** Readers of v1.9 do not know `amr`, so it is there only if the login app gave one. */
export const v1ConsentRequest: Members = {
  ...request,
  ...named('acr context login_challenge login_session_id'),
  amr: 'filled',
}

export const v1LogoutRequest: Members = {
  ...named('challenge request_url rp_initiated sid subject'),
  client: v1Client,
}

export const v1Consents: Members = {
  ...named('grant_access_token_audience grant_scope handled_at remember remember_for session'),
  consent_request: v1ConsentRequest,
}

export const v1Key: Members = named('alg crv d dp dq e k kid kty n p q qi use x x5c y')

export const v1KeySet: Members = { keys: v1Key }

export const v1Trust: Members = {
  ...named('allow_any_subject created_at expires_at id issuer scope subject'),
  public_key: named('kid set'),
}
