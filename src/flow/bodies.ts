import * as v from 'valibot'
import { noField } from '../errors/missing.ts'
import type { OAuthError } from '../errors/oauth-error.ts'
import type { Facts, Reason } from '../errors/reasons.ts'
import { malformedBody } from '../errors/refusals.ts'
import { type Seconds, seconds } from '../util/clock.ts'
import type { Json } from '../util/json.ts'
import { jsonObject, jsonValue } from '../util/json-value.ts'
import { flag as boolean, string, textList, wanted, wholeNumber } from '../util/schema.ts'
import type { Denial } from './state.ts'

const flag = v.nullish(boolean, false)
const text = v.nullish(string, '')
const texts = v.nullish(textList(), [])
const lifetime = v.nullish(wholeNumber('a whole number of seconds'), 0)
const claims = v.nullish(jsonObject, {})

/** Accept-login body (contract 2.2). */
export const acceptLoginBody = v.object(
  {
    subject: text,
    remember: flag,
    remember_for: lifetime,
    extend_session_lifespan: flag,
    force_subject_identifier: text,
    acr: text,
    amr: texts,
    context: v.optional(jsonValue),
    /** When the user authenticated, RFC 3339; now if empty. An extension of Ladon. */
    authenticated_at: text,
    identity_provider_session_id: text,
  },
  'a JSON object',
)

/** Accept-consent body (contract 2.3). */
export const acceptConsentBody = v.object(
  {
    grant_scope: texts,
    grant_access_token_audience: texts,
    remember: flag,
    remember_for: lifetime,
    session: v.nullish(v.object({ access_token: claims, id_token: claims }, 'a JSON object'), {}),
    context: v.optional(jsonValue),
  },
  'a JSON object',
)

/**
 * Whether and for how long, in seconds, an app wants its decision remembered. Below zero is not at all, as forms mean it
 * that have no other way to say so.
 */
export const remembering = ({
  remember,
  remember_for: wanted,
}: {
  readonly remember: boolean
  readonly remember_for: number
}): { readonly remember: boolean; readonly rememberFor: Seconds } =>
  wanted < 0 ? { remember: false, rememberFor: seconds(0) } : { remember, rememberFor: seconds(wanted) }

/** Body of a rejection (contract 2.2). */
export const rejectBody = v.object(
  { error: text, error_description: text, error_hint: text },
  'a JSON object',
)

/**
 * Checks a body against its schema, whose messages say what must be there; ignores unknown fields. Throws
 * `malformed_body`, or what `refuse` makes, with the name of the first wrong field, what it must be and what came.
 */
export function parseBody<Schema extends v.GenericSchema>(
  schema: Schema,
  body: unknown,
  refuse: (reason: Reason, facts: Facts) => OAuthError = malformedBody,
): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, body)
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  const { field, expected } = wanted(issue)
  if (field === '') throw refuse('body_malformed', { expected })
  throw issue.input === undefined
    ? refuse('field_missing', noField(field))
    : refuse('field_malformed', { field, expected })
}

/** Maximum size of the `context` or `session` of an app, in bytes of JSON. */
const MAX_APP_DATA_BYTES = 64 * 1024

/** Throws `malformed_body` if app data is larger than that. */
export function checkSize(field: string, data: Json): void {
  if (new TextEncoder().encode(JSON.stringify(data)).byteLength <= MAX_APP_DATA_BYTES) return
  throw malformedBody('field_malformed', { field, expected: 'at most 64 KB' })
}

/**
 * Reads a rejection: the app's own error, and its description with the hint (contract 2.2). An app that gives none gets
 * a sentence instead, since a description has at least one character (RFC 6749 section 4.1.2.1).
 */
export function parseDenial(body: unknown, step: 'login' | 'consent'): Denial {
  const { error, error_description, error_hint } = parseBody(rejectBody, body ?? {})
  const description = [error_description, error_hint].filter((part) => part !== '').join(' ')
  return { error: error || `${step} request denied`, description: description || `The ${step} was rejected.` }
}
