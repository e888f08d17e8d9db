import * as v from 'valibot'
import type { Answer, Schema } from '../http/endpoint.ts'
import { fieldsWith, LIFESPAN_FIELDS, wire } from '../store/client-metadata.ts'

/** JSON Schemas (draft 2020-12) of requests and answers in the table of endpoints. */

export const text = { type: 'string' } as const
export const url = { type: 'string', format: 'uri' } as const
export const instant = { type: 'string', format: 'date-time' } as const
export const whole = { type: 'integer' } as const
export const flag = { type: 'boolean' } as const
const anything = { type: 'object' } as const

export const list = (items: Schema): Schema => ({ type: 'array', items })

/** An object, some of whose members are required. */
export const object = (properties: Readonly<Record<string, Schema>>, ...required: string[]): Schema => ({
  type: 'object',
  properties,
  ...(required.length > 0 && { required }),
})

/** The members of an error (RFC 6749 section 5.2). */
export const error = object({ error: text, error_description: text }, 'error', 'error_description')

const JSON_TYPE = 'application/json'

/** A JSON answer. */
export const gives = (description: string, schema: Schema): Answer => ({
  description,
  content: { [JSON_TYPE]: schema },
})

/** Error answers, by status. */
export const refuses = (...statuses: readonly number[]): Readonly<Record<number, Answer>> =>
  Object.fromEntries(statuses.map((status) => [status, gives('The request is refused.', error)]))

/** An answer without content. */
export const done: Answer = { description: 'Done.' }

/** An answer that redirects the browser. */
export const leadsOn: Answer = { description: 'The browser goes on to the address in Location.' }

/** An HTML page. */
export const page: Answer = { description: 'A page.', content: { 'text/html': text } }

/** A text. */
export const plain: Answer = { description: 'A text.', content: { 'text/plain': text } }

/** The answer that tells an app where to send the browser (contract 2.4). */
export const goesOn = gives('Where to send the browser.', object({ redirect_to: url }, 'redirect_to'))

/** A JWK, and a JWK set (RFC 7517 sections 4 and 5). */
export const key = object({ kty: text, kid: text, use: text, alg: text }, 'kty')
export const keySet = object({ keys: list(key) }, 'keys')

/** The same as requests hold them; what is null counts as absent. */
const textOrNull = { type: ['string', 'null'] } as const
export const keyBody = object({ kty: text, kid: textOrNull, use: textOrNull, alg: textOrNull }, 'kty')
export const keySetBody = object({ keys: list(keyBody) }, 'keys')

/** A client, from the table of its fields (RFC 7591 section 2). */
export const client = v.partial(v.object({ client_id: v.string(), ...wire(fieldsWith({})) }))

/** A client as a request holds it; what it does not name is ignored. */
export const clientBody: Schema = {
  ...object({
    ...Object.fromEntries(
      Object.entries({ client_id: v.string(), client_secret: v.string(), ...wire(fieldsWith({})) }).map(
        ([name, schema]) => [name, v.nullish(schema)],
      ),
    ),
    client_secret_expires_at: v.nullish(v.pipe(v.number(), v.integer())),
  }),
  patternProperties: { [`^(${fieldsWith({ localized: true }).join('|')})#`]: textOrNull },
}

/** A client's lifespans, from the same table. */
export const lifespans = v.object(wire(LIFESPAN_FIELDS))

/** A token answer (RFC 6749 section 5.1). */
export const tokens = object(
  {
    access_token: text,
    token_type: text,
    expires_in: whole,
    scope: text,
    refresh_token: text,
    id_token: text,
  },
  'access_token',
  'token_type',
)

/** An introspection answer (RFC 7662 section 2.2). */
export const introspection = object(
  {
    active: flag,
    client_id: text,
    sub: text,
    scope: text,
    aud: list(text),
    iss: url,
    exp: whole,
    iat: whole,
    nbf: whole,
    token_type: text,
    token_use: text,
    ext: anything,
  },
  'active',
)

/** Form parameters that authenticate a client (RFC 6749 section 2.3.1, RFC 7523 section 2.2). */
export const clientAuthentication: Readonly<Record<string, Schema>> = {
  client_id: text,
  client_secret: text,
  client_assertion: text,
  client_assertion_type: text,
}

const texts = (...lines: readonly string[]): Readonly<Record<string, Schema>> =>
  Object.fromEntries(lines.flatMap((names) => names.split(' ')).map((name) => [name, text]))

/** Whom tokens are for: the one is Hydra's, the other RFC 8707's. Both may be repeated. */
export const audiences: Readonly<Record<string, Schema>> = { audience: list(text), resource: list(text) }

/** Parameters of an authorization request (RFC 6749 section 4.1.1, OIDC Core section 3.1.2.1). */
export const authorizationRequest: Readonly<Record<string, Schema>> = {
  ...texts(
    'client_id response_type redirect_uri scope state nonce response_mode display prompt max_age ui_locales',
    'claims_locales id_token_hint login_hint acr_values claims registration code_challenge code_challenge_method',
    'identity_schema request request_uri',
  ),
  ...audiences,
}

/** With these the browser comes back from the login and consent app. */
export const verifiers: Readonly<Record<string, Schema>> = texts('login_verifier consent_verifier')

/** Parameters of a list that is answered in pages: the newer ones, and those of v1 SDKs (contract 1.4.1). */
export const paging: Readonly<Record<string, Schema>> = {
  page_size: whole,
  page_token: text,
  limit: whole,
  offset: whole,
}
