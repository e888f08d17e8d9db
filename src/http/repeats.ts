import { invalidRequest } from '../errors/oauth-error.ts'

/** A parameter's name and value. */
export type Entry = readonly [name: string, value: string]

/** Names and values in the order in which they were sent. */
export type Entries = readonly Entry[]

/** How repeated parameters are read (RFC 6749 sections 3.1 and 3.2 forbid them, RFC 8707 section 2 does not). */
export interface Repeats {
  /** The parameters that are lists: each value counts. */
  readonly lists: ReadonlySet<string>
  /** The parameters whose first value counts. */
  readonly firsts: ReadonlySet<string>
  /** Whether any other parameter may be repeated with an equal value. */
  readonly equal: boolean
}

/** How Hydra's clients repeat parameters. It takes the first of different values, which is refused here. */
export const HYDRA_REPEATS: Repeats = {
  lists: new Set(['audience', 'resource']),
  firsts: new Set(['scope']),
  equal: true,
}

const namesIn = (...lines: readonly string[]): ReadonlySet<string> =>
  new Set(lines.flatMap((line) => line.split(' ')))

/** The parameters that the public endpoints and introspection read. Others are let through. */
export const OAUTH_PARAMETERS = namesIn(
  'client_id client_secret client_assertion client_assertion_type response_type redirect_uri scope state nonce',
  'response_mode display prompt max_age ui_locales claims_locales id_token_hint login_hint acr_values claims',
  'registration code_challenge code_challenge_method audience resource identity_schema request request_uri',
  'login_verifier consent_verifier device_verifier logout_verifier user_code grant_type code code_verifier',
  'refresh_token assertion device_code token token_type_hint access_token post_logout_redirect_uri logout_hint',
)

/** The parameters that the admin API reads from a query. */
export const ADMIN_PARAMETERS = namesIn(
  'page_size page_token limit offset client_name owner issuer subject login_session_id client all sid client_id',
  'strict consent_request_id challenge login_challenge consent_challenge logout_challenge device_challenge',
  'client_secret_expires_at event actor since until',
)

/** Optional parameters that say nothing if a script put an unset variable into them. Nothing is protected by them. */
const OPTIONAL = namesIn(
  'id_token_hint login_hint logout_hint post_logout_redirect_uri response_mode display prompt max_age ui_locales',
  'claims_locales acr_values claims',
)
const UNSET = new Set(['undefined', 'null', '[object Object]'])

/**
 * Returns the entries that count: what follows the first value of a parameter that is no list does not, nor does an
 * empty value beside another one, nor the text of an unset variable. Only these may be kept or shown to an app, so that
 * nobody reads another value than this server. Cost is linear.
 *
 * @param known - the parameters that the endpoint reads; any other entry counts
 * @throws `invalid_request` for a repeated parameter
 */
export function counting(
  entries: Entries,
  { lists, firsts, equal }: Repeats,
  known: ReadonlySet<string> = OAUTH_PARAMETERS,
): Entries {
  const given = entries.filter(([name, value]) => !(OPTIONAL.has(name) && UNSET.has(value)))
  const taken = new Map<string, Entry>()
  for (const entry of given) {
    const [name, value] = entry
    if (!known.has(name) || lists.has(name) || value === '') continue
    const first = taken.get(name)
    if (first === undefined) taken.set(name, entry)
    else if (!firsts.has(name) && !(equal && first[1] === value))
      throw invalidRequest('parameter_repeated', { parameter: name })
  }
  return given.filter((entry) => (taken.get(entry[0]) ?? entry) === entry)
}
