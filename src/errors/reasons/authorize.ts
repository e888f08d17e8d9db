import { reasonsOf } from './reason.ts'

const some = () =>
  reasonsOf({
    redirect_uri_unregistered: [
      "Parameter 'redirect_uri' is not registered for this client.",
      'Register it, character for character.',
    ],
    redirect_uri_near: [
      "Parameter 'redirect_uri' {difference}: {redirect_uri} is not registered, and {near} is.",
      'Send the registered one, or register this one too.',
      'operator',
    ],
    redirect_uri_missing: [
      "Parameter 'redirect_uri' is missing; only without 'openid' may it be, by a client that has exactly one.",
      'Send a registered one.',
    ],
    redirect_uri_insecure: [
      "Parameter 'redirect_uri' must use https, unless it is on this machine.",
      'Use https.',
    ],
    response_type_unregistered: [
      "Response type '{response_type}' is not among the client's response_types: {registered}.",
      'Send one of them, or add it there.',
    ],
    openid_missing: ["Response type 'id_token' needs scope 'openid'.", 'Ask for it, and have it granted.'],
    response_mode_unfit: [
      "Parameter 'response_mode' must be query, fragment or form_post, and 'query' carries no tokens.",
      'Leave it out, or send another.',
    ],
    state_too_short: ["Parameter 'state' must have at least {minimum} characters.", 'Send a longer one.'],
    nonce_too_short: ["Parameter 'nonce' must have at least {minimum} characters.", 'Send a longer one.'],
    pkce_missing: [
      "Parameter 'code_challenge' is missing: this client must use PKCE.",
      'Send it with code_challenge_method S256 (RFC 7636).',
    ],
    request_object_unusable: ['The request object {problem}.', 'Make it as RFC 9101 says.'],
    request_object_missing: [
      'This client must send its request as a signed request object.',
      'Sign it (RFC 9101), or change require_signed_request_object of the client.',
    ],
    request_uri_unregistered: [
      'The request_uri is not registered for this client.',
      'Add it to request_uris.',
      'operator',
    ],
    request_uri_unavailable: [
      'The request_uri leads to no request object.',
      'Serve it with status 200, within the limits of time and size.',
      'operator',
    ],
    registration_unsupported: [
      "Parameter 'registration' is not supported.",
      'Register the client before it asks.',
    ],
    hint_foreign: [
      "Parameter 'id_token_hint' is no ID token of this server.",
      'Send the newest ID token, whole.',
    ],
    login_needed: ['No session of this browser answers the request.', 'Ask again without prompt=none.'],
  })

const others = () =>
  reasonsOf({
    login_too_old: ['The login is older than max_age allows.', 'Have the user log in again.'],
    login_not_new: ['The user did not log in anew.', 'Have the login app honour prompt=login.'],
    login_unexpected: [
      'The user logged in anew, though no page may be shown.',
      'Ask again without prompt=none.',
    ],
    other_subject: ['Another user logged in than the request names.', 'Ask the user who they are.'],
    acr_unmet: [
      'The login reached none of the acr values that must be reached.',
      'Have the login app reach one of those asked for.',
    ],
    consent_needed: ['The user has not consented to this.', 'Ask again without prompt=none.'],
    app_denied: ['The {step} app refused, in words of its own.', "See the app's own log.", 'operator'],
    flow_unknown: [
      'The {step} verifier is none of this server, or a part of it is missing.',
      'Start again at the application.',
    ],
    flow_expired: ['The flow has expired or is spent.', 'Start again at the application.'],
    flow_of_other_client: ['The flow belongs to another client.', 'Start again at the application.'],
    flow_of_other_browser: [
      'The CSRF cookie of this flow is missing or differs.',
      'Go on in the browser that began it.',
    ],
    session_of_other_browser: [
      'The ID token names a session that this browser does not have, so that was not ended.',
      'Log out where the user is logged in, or end the session by the admin API.',
      'operator',
    ],
    decision_differs: ['Another decision was made for this flow before.', 'Start again at the application.'],
    device_refused: ['The device was refused before, and that is final.', 'Start again on the device.'],
    device_connected: [
      'The device was connected before it was refused, and has its access already.',
      'Take it back where you manage your applications.',
    ],
    challenge_unknown: [
      'The challenge is none of this server, or a part of it is missing.',
      'Pass it on as it came, whole.',
    ],
    challenge_of_other_kind: [
      'This is a {kind} challenge, and not a {flow} challenge.',
      'Ask at /admin/oauth2/auth/requests/{kind}.',
    ],
    user_code_unusable: [
      'The user code is unknown, expired or already used.',
      'Type the code that the device shows.',
    ],
    user_code_guessed: [
      'Too many wrong codes were tried from this network.',
      'Wait {seconds} seconds, then type the code that the device shows.',
    ],
    logout_unfit: [
      'The logout request {problem}.',
      'Send what OpenID Connect RP-Initiated Logout section 2 asks for.',
    ],
    page_foreign: ['The form was posted from another site.', 'Open the page itself.', 'operator'],
    page_alone: ['This page is part of a login that an application starts.', 'Start at the application.'],
  })

/** Why an authorization request, or a step of its flow, is refused. */
export const authorizeReasons = () => ({ ...some(), ...others() })
