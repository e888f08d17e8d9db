import { reasonsOf } from './reason.ts'

const some = () =>
  reasonsOf({
    token_missing: [
      'No access token came with the request.',
      'Send it in the header, as Authorization: Bearer TOKEN.',
    ],
    token_unknown: [
      'The token is no access token of this server, or a part of it is missing.',
      'Send it whole, as it came.',
      'operator',
    ],
    token_of_other_kind: ['This is {kind}, and an access token is needed.', 'Send the access token.'],
    token_expired: ['The access token expired at {expired}.', 'Refresh it.', 'operator'],
    token_inactive: [
      'The token was revoked, or its client was deleted.',
      'Ask the user to log in again.',
      'operator',
    ],
    token_without_subject: [
      'The access token stands for a client, and userinfo is about users.',
      "Ask with a user's token that has scope 'openid'.",
    ],
    proof_missing: [
      'It is bound to a key, and the request does not prove to hold that.',
      'Send the proof that the token_type asks for.',
    ],
    holder_proof_missing: [
      'No proof came with the request.',
      'Ask again with a proof that carries the nonce.',
      'operator',
    ],
    proof_unfit: ['The proof {problem}.', 'Ask again with a proof that carries the nonce.'],
    api_key_missing: [
      'No API key came with the request.',
      'Send one of ADMIN_API_KEYS as a Bearer token; at /oauth2/introspect the credentials of a client do, too.',
      'operator',
    ],
    api_key_unknown: ['The API key is unknown.', 'Send one of ADMIN_API_KEYS as a Bearer token.'],
  })

const others = () =>
  reasonsOf({
    api_key_scope: [
      "This needs scope {scopes}, and API key '{name}' does not have it.",
      'Use a key that has it.',
    ],
    binding_scope: [
      'This needs scope {scopes}, and entrypoint {name} does not have it.',
      'Bind to {entrypoints}, or send the request with an API key.',
    ],
    user_code_guessed_by_key: [
      'Too many wrong user codes were tried by this API key.',
      'Wait {seconds} seconds, and explain codes as the device shows them.',
    ],
    admin_closed: ['{setting}.', 'Send an API key, or change the setting.'],
    password_wrong: [
      'User name and password of the built-in login page do not match.',
      'Show a login page of your own.',
      'operator',
    ],
    book_off: ['No grants book is kept: GRANTS_BOOK is off.', 'Take that setting away, and deploy.'],
    entry_unknown: ["There is no {kind} '{id}'.", 'Check the id: it may have been deleted.'],
    entry_exists: ["There is a {kind} '{id}' already.", 'Choose another id, or change that one.'],
    setting_unusable: ['{problems}', 'Correct the setting, and deploy.'],
    stored_unreadable: [
      "What is stored as '{place}' has an unknown form.",
      'Restore it, or deploy the newer release.',
      'operator',
    ],
    key_unavailable: ["No key of set '{set}' signs with '{alg}'.", 'Add one, or change the algorithm.'],
    key_unusable: ['The key {problem}.', 'Send all of it, or another key.'],
    keys_unopened: [
      "Signing key '{kid}' of set '{set}' cannot be opened: the database and SECRETS_SYSTEM do not belong together.",
      'Restore the secret that belongs to the database.',
    ],
    load_slow: ['What another request asked for did not come in time.', 'Try again.', 'operator'],
    not_ready: ['Not ready: {failed}.', 'Apply migrations; else see the status of Cloudflare.'],
    storage_unreachable: ['The database cannot be reached.', 'Try again; see the status of Cloudflare.'],
    ledger_unreachable: ['The ledger did not answer.', 'Try again; see the status of Cloudflare.'],
    ledger_failed: ['The ledger failed.', 'Report the request id.', 'operator'],
    unexpected: ['The server met a condition it did not expect.', 'Report the request id.', 'operator'],
  })

/** Why a token or key is not accepted, an entry is not found, or the server itself fails. */
export const serverReasons = () => ({ ...some(), ...others() })
