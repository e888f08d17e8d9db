import { reasonsOf } from './reason.ts'

const codes = () =>
  reasonsOf({
    grant_type_unknown: [
      "'{grant_type}' is no grant type of this server.",
      'Send one of these: {supported}.',
    ],
    grant_type_retired: [
      "Grant type 'password' is left out of OAuth 2.1, and out of this server.",
      'Send the user to log in with authorization_code and PKCE.',
    ],
    grant_type_not_allowed: [
      "The client may not use grant type '{grant_type}'.",
      "Add it to the client's grant_types.",
    ],
    code_unknown: [
      'The code is none that this client was given here, or a part of it is missing (it has {length} characters).',
      'Send it whole, as it came.',
      'client',
    ],
    code_expired: ['The code expired at {expired}.', 'Redeem codes as soon as they come.', 'client'],
    code_spent: [
      'The code was redeemed before; what it gave was revoked at {ended}.',
      'Redeem it once: a page that is reloaded or a proxy that retries sends it twice.',
      'client',
    ],
    code_redeemed: [
      'The code was redeemed before; once is all it is good for.',
      'Use the tokens of the first answer, or start again.',
      'client',
    ],
    grant_ended: ['The grant ended at {ended}: {why}.', 'Ask the user to log in again.', 'client'],
    grant_too_old: [
      'The grant of {granted} is older than the client may refresh it.',
      'Ask the user to log in again.',
      'client',
    ],
    client_differs: [
      'It was issued to another client, or to one that was deleted.',
      'Compare the client ids: the client that asked must also redeem and refresh.',
      'operator',
    ],
    credential_of_other_kind: [
      "This is {kind}, and parameter '{parameter}' takes {expected}.",
      'Send that.',
      'client',
    ],
  })

const requests = () =>
  reasonsOf({
    redirect_uri_differs: [
      "Parameter 'redirect_uri' differs from that of the authorization request.",
      'Send the same one, character for character.',
    ],
    verifier_missing: [
      "Parameter 'code_verifier' is missing.",
      'Send the verifier that the code_challenge was made from.',
    ],
    verifier_unexpected: [
      'The authorization request had no code_challenge.',
      'Leave code_verifier out, or send a code_challenge there.',
    ],
    verifier_malformed: [
      "Parameter 'code_verifier' must have 43 to 128 unreserved characters.",
      'Make it as RFC 7636 section 4.1 says.',
    ],
    verifier_differs: [
      "Parameter 'code_verifier' does not match the code_challenge.",
      'Keep one verifier for each authorization request, and send that one.',
    ],
  })

const tokens = () =>
  reasonsOf({
    refresh_token_unknown: [
      'The refresh token is none that this client was given here, or a part of it is missing (it has {length} characters).',
      'Send it whole, as it came.',
      'client',
    ],
    refresh_token_expired: [
      'The refresh token expired at {expired}.',
      'Ask the user to log in again.',
      'client',
    ],
    refresh_token_reused: [
      'The refresh token was used before; its grant was revoked at {ended}.',
      'Store the newest one each time, and refresh in one place.',
      'client',
    ],
    offline_not_granted: [
      "The grant has neither scope 'offline' nor 'offline_access'.",
      'Ask for one of them in a new authorization request.',
    ],
    scope_lost: ["The client may no longer have scope '{scope}'.", "Add it to the client's scope again."],
    scope_not_consented: [
      "Scope '{scope}' was not granted.",
      'Leave it out, or ask the user for it in a new authorization request.',
    ],
    audience_lost: [
      "The client may no longer have audience '{audience}'.",
      "Add it to the client's audience again.",
    ],
    issuer_scope: [
      "The issuer of the assertion may not give scope '{scope}'.",
      'Ask for less, or widen the trust in the issuer.',
    ],
    user_pending: ['The user has not answered yet.', 'Go on polling.', 'operator'],
    polled_too_fast: ['Polls come too often.', 'Wait five seconds longer from now on.', 'operator'],
    user_denied: ['The user said no.', 'Start again if the user changes their mind.', 'operator'],
    device_code_expired: ['The device code expired at {expired}.', 'Start again on the device.', 'client'],
    device_request_gone: ['The request of the device has expired.', 'Start again on the device.', 'operator'],
    user_codes_taken: ['No user code is free.', 'Try again, or have the operator make user codes longer.'],
    hook_denied: ['The {hook} hook denied the request.', "See the hook's own log."],
    hook_too_large: ['The {hook} hook gave more claims than a token can carry.', 'Have it give less.'],
    hook_inexact: [
      "Field '{field}' in the answer of the {hook} hook must be {expected}.",
      'Have the hook send what can be passed on unchanged.',
      'operator',
    ],
    hook_failed: ['The {hook} hook failed.', "See the hook's own log."],
  })

/** Why the token endpoint issues no tokens (RFC 6749 section 5.2). */
export const grantReasons = () => ({ ...codes(), ...requests(), ...tokens() })
