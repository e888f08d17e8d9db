import { reasonsOf } from './reason.ts'

const authentication = () =>
  reasonsOf({
    client_unknown: [
      'No client has this id.',
      'Check client_id: the client may have been deleted, or live at another server.',
      'operator',
    ],
    client_unregistered: [
      'No client has this client_id.',
      'Check it: the client may have been deleted, or live at another server.',
    ],
    client_missing: ['The request names no client.', 'Send client_id, or authenticate the client.'],
    credentials_ambiguous: [
      'The client authenticates in more than one way.',
      'Use the one method it is registered for.',
    ],
    basic_malformed: [
      'The Basic authorization header is malformed.',
      'URL-encode id and secret, join them by a colon, and encode that as base64 (RFC 6749 section 2.3.1).',
    ],
    client_id_differs: [
      "Parameter 'client_id' names another client than the credentials do.",
      'Leave one of them out.',
    ],
    method_mismatch: [
      'The client used {used}, but is registered for {registered}, and proved nothing.',
      'Authenticate as registered (a public client sends no secret), or change token_endpoint_auth_method.',
      'operator',
    ],
    method_unregistered: [
      "The secret is right, but the client sent it by {used}, and its '{field}' is {registered}.",
      'Authenticate by {registered}, or change that field of the client to {used}.',
    ],
    secret_mismatch: [
      'The client secret is wrong.',
      'Compare it with the one that was issued, or rotate it.',
      'operator',
    ],
    secret_expired: [
      'The client secret is right, but expired at {expired}.',
      'Give the client a new one; a client that registered itself gets it by a PUT to its registration.',
    ],
    secret_guessed: [
      'Too many wrong secrets of this client came from this network.',
      'Correct the secret where it is sent from, and wait {seconds} seconds. From other networks it works on.',
    ],
    client_public: [
      'A public client may not do this: it proves nothing.',
      'Register a client that authenticates.',
    ],
    assertion_malformed: ['The assertion {problem}.', 'Make it as RFC 7523 section 3 says.'],
    assertion_unproven: [
      'No registered or trusted key of its sender signed the assertion, or not with the registered algorithm.',
      "Register the key, or sign with one that is registered. Its 'use' and 'key_ops' must not forbid it.",
    ],
    assertion_reused: [
      'The assertion was used before; each one counts once.',
      "Make a new one, with a new 'jti'.",
      'operator',
    ],
  })

const requests = () =>
  reasonsOf({
    client_keys_unusable: [
      "The client's {source} {problem}.",
      'Mend what is served there, or register the keys as jwks.',
    ],
    scope_not_allowed: ["The client may not request scope '{scope}'.", "Add it to the client's scope."],
    scope_malformed: [
      'A scope is malformed.',
      'Separate scopes by spaces, and use printable ASCII without quotes and backslashes.',
    ],
    audience_not_allowed: [
      "The client may not request audience '{audience}'.",
      "Add it to the client's audience.",
    ],
    resource_not_allowed: [
      "The client may not request resource '{resource}'.",
      "Name an absolute URI of the client's audience.",
    ],
    metadata_unusable: ["Field '{field}' {problem}.", 'Correct the client metadata.'],
    metadata_beyond_policy: [
      "Field '{field}' holds none of what clients may register here: {allowed}.",
      'Register some of it, or change OIDC_DYNAMIC_CLIENT_REGISTRATION_ALLOWED_* or what the initial access token allows.',
      'operator',
    ],
    entry_unusable: ["Entry {index} of '{field}' {problem}.", 'Correct the client metadata.'],
    metadata_in_doubt: ['{problems}', 'Correct the client metadata, or leave out strict=true.'],
    metadata_too_large: ["The client's metadata is longer than {limit} bytes.", 'Register less of it.'],
    metadata_beyond_bounds: [
      "Field '{field}' goes beyond what an admin set.",
      'Ask for less, or have an admin change the client.',
    ],
    sector_missing: [
      "A pairwise client needs redirect URIs of one host, all https, or a 'sector_identifier_uri'.",
      'Register a sector_identifier_uri.',
    ],
    client_contended: ['Others are changing the client at the same time.', 'Try again.'],
  })

const registration = () =>
  reasonsOf({
    registration_off: [
      'Clients cannot register themselves at this server.',
      'Have its operator register the client by the admin API, or set OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED.',
    ],
    initial_access_missing: [
      'No initial access token came with the registration.',
      'Get one from the operator, and send it as a Bearer token.',
    ],
    initial_access_unfit: [
      'The initial access token is none of this server, or it was revoked or has expired.',
      'Get a new one from the operator. If the server is open to everybody, send none.',
    ],
    initial_access_spent: [
      'The initial access token has registered as many clients as it may.',
      'Get a new one from the operator.',
    ],
    initial_access_crowded: [
      'There are too many initial access tokens that have not expired.',
      'Revoke some that nobody needs.',
    ],
    registrations_used_up: [
      'Too many clients were registered from this network.',
      'Wait {seconds} seconds, or register with an initial access token. The operator can raise OIDC_DYNAMIC_CLIENT_REGISTRATION_HOURLY_LIMIT.',
    ],
    registration_token_missing: [
      'No registration access token came with the request.',
      'Send it as a Bearer token.',
      'operator',
    ],
    registration_token_unfit: [
      'The registration access token is not the current one of this client.',
      'Use the token of the last answer.',
      'operator',
    ],
  })

/** Why a client is not authenticated, or may not have what it requests. */
export const clientReasons = () => ({ ...authentication(), ...requests(), ...registration() })
