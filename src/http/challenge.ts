import { errorBody, type OAuthError } from '../errors/oauth-error.ts'
import type { Reason } from '../errors/reasons.ts'

/** Names what is protected (RFC 9110 section 11.5). It is the same everywhere, so it tells nothing. */
const REALM = 'realm="oauth2"'

/** What the text of an error in a challenge may not hold (RFC 6750 section 3). */
const UNQUOTABLE = /[^\x20-\x7e]|["\\]/g

/** What RFC 6750 section 3.1 calls a token that cannot be used. */
const INVALID_TOKEN = 'invalid_token'

/** The refusals of requests without any credentials, which are told no error (RFC 6750 section 3.1). */
const NOTHING_SENT: ReadonlySet<Reason> = new Set([
  'token_missing',
  'api_key_missing',
  'registration_token_missing',
  'initial_access_missing',
  'admin_closed',
])

/**
 * Returns the challenge of an answer with status 401, or of a token with too little scope (RFC 9110 section 11.6.1).
 * Where clients authenticate it is `Basic`, the one scheme that they have (RFC 6749 section 5.2); elsewhere it is that
 * of the token, and says what is wrong with it (RFC 6750 section 3).
 *
 * @param error - why the request was refused, if that is known
 * @param scheme - the scheme of the token in the request, `Bearer` if it has none
 */
export function challengeOf(error: OAuthError | undefined, scheme: string): string {
  if (error?.code === 'invalid_client') return `Basic ${REALM}`
  if (error === undefined || NOTHING_SENT.has(error.reason)) return `${scheme} ${REALM}`
  const { error: code, error_description: description } = errorBody(error)
  // The older errors of Hydra have a sentence in place of a code.
  const word = /^\w+$/.test(code) ? code : INVALID_TOKEN
  return `${scheme} error="${word}",error_description="${description.replace(UNQUOTABLE, '')}"`
}
