import { reasonsOf } from './reason.ts'

const some = () =>
  reasonsOf({
    grant_type_unknown: ['The grant type is not supported.', 'See grant_types_supported.'],
    grant_type_not_allowed: [
      "The client may not use grant type '{grant_type}'.",
      "Add it to the client's grant_types.",
    ],
    code_unknown: [
      'The code is none of this server, or part of it is missing.',
      'Send it whole.',
      'operator',
    ],
    code_expired: ['The code has expired.', 'Redeem codes at once.', 'operator'],
    code_spent: [
      'The code was redeemed before; what it gave is revoked.',
      'Look for a reload or a retrying proxy.',
      'operator',
    ],
    grant_ended: ['The grant was revoked, or has expired.', 'Ask the user to log in again.', 'operator'],
    client_differs: [
      'It was issued to another client, or to one that was deleted.',
      'Compare client ids.',
      'operator',
    ],
    redirect_uri_differs: [
      "Parameter 'redirect_uri' differs from the authorization request.",
      'Send the same one.',
    ],
    verifier_missing: ["Parameter 'code_verifier' is missing.", 'Send the verifier of the code_challenge.'],
    verifier_unexpected: [
      'The authorization request had no code_challenge.',
      'Leave code_verifier out, or send a challenge.',
    ],
    verifier_malformed: [
      "Parameter 'code_verifier' must have 43 to 128 unreserved characters.",
      'See RFC 7636 section 4.1.',
    ],
    verifier_differs: [
      "Parameter 'code_verifier' does not match the code_challenge.",
      'Keep one verifier for each request.',
    ],
  })

const others = () =>
  reasonsOf({
    refresh_token_unknown: ['The refresh token is none of this server.', 'Send it whole.', 'operator'],
    refresh_token_expired: ['The refresh token has expired.', 'Ask the user to log in again.'],
    refresh_token_reused: [
      'The refresh token was used before; the grant is revoked.',
      'Store the newest one, and refresh in one place.',
      'operator',
    ],
    offline_not_granted: [
      "The grant has neither scope 'offline' nor 'offline_access'.",
      'Ask for one of them.',
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
      'Widen the trust in the issuer.',
    ],
    user_pending: ['The user has not answered yet.', 'Go on polling.', 'operator'],
    polled_too_fast: ['Polls come too often.', 'Wait five seconds longer from now on.', 'operator'],
    user_denied: ['The user said no.', 'Start again if the user changes their mind.', 'operator'],
    device_code_expired: ['The device code has expired.', 'Start again.', 'operator'],
    user_codes_taken: ['No user code is free.', 'Make user codes longer.'],
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
export const grantReasons = () => ({ ...some(), ...others() })
