import * as v from 'valibot'
import type { ErrorCode } from '../errors/catalogue.ts'
import { isJsonObject, isShallow, type JsonObject } from '../util/json.ts'
import { flag as boolean, string, textList } from '../util/schema.ts'

/** How the admin's value of a field limits the client's own changes. `clients/bounds.ts` has a rule for each. */
export type BoundKind = 'scope' | 'audience' | 'subset' | 'pairwise' | 'strength' | 'pinned' | 'lifespan'

/** What a field has besides its name and kind. */
export interface FieldTraits {
  /**
   * When the field is shown; always if absent. `unless-empty`: unless it is empty or false; `if-given`: only if a value
   * was given; `to-admins`: to admins, never to the client itself.
   */
  readonly shown?: 'unless-empty' | 'if-given' | 'to-admins'
  /**
   * Present if only admins may set the field. `refusal` is the error for a client that sets it, null if that is ignored;
   * `kept` says whether the value stays when the client changes itself.
   */
  readonly reserved?: { readonly refusal: ErrorCode | null; readonly kept: boolean }
  /** How the admin's value limits the client's own changes; absent if the client may set any value. */
  readonly bound?: BoundKind
  /** Each value must be an http or https URL. */
  readonly url?: true
  /** The allowed values, besides the empty one. */
  readonly values?: readonly string[]
  /** The field may have a value for each language, such as `client_name#de` (OIDC Registration section 2.1). */
  readonly localized?: true
  /** People are shown the value: every character of it must be visible. */
  readonly seen?: true
  /** The value that an empty list stands for (RFC 7591 section 2). */
  readonly emptyMeans?: readonly string[]
}

/** One field of a client's metadata. */
export interface ClientField extends FieldTraits {
  readonly kind: 'text' | 'flag' | 'list' | 'object' | 'duration' | 'further'
  /** What a request may hold. Null counts as absent in every field. */
  readonly wire: v.GenericSchema
  /** What a row holds. A row of an older release may lack the field, which then has its default. */
  readonly stored: v.GenericSchema
  /** What is shown if there is no value. */
  readonly absent: null | readonly [] | Readonly<Record<string, never>>
}

/** How many levels deep JSON that a client sends may nest. */
const MAX_DEPTH = 32

const strings = textList()
/** A list of texts in a row. */
export const storedStrings = v.pipe(v.array(v.string()), v.readonly())
const allowed = v.nullable(storedStrings)
/** What clients may register with an initial access token, in a row; null is everything. */
export const registrationPolicy = v.object({
  scope: allowed,
  audience: allowed,
  grantTypes: allowed,
  redirectHosts: allowed,
  redirectSchemes: allowed,
})
/** The initial access token that a client registered itself with. */
export const initialAccess = v.object({ id: v.string(), policy: registrationPolicy })

const wireObject = v.custom<JsonObject>(
  (value) => isJsonObject(value) && isShallow(value, MAX_DEPTH),
  'an object of moderate depth',
)
const storedObject = v.custom<JsonObject>(isJsonObject)
const keySet = v.object({ keys: v.pipe(v.array(storedObject), v.readonly()) })

/** A text. `preset` is its default. */
export const text = <const Traits extends FieldTraits>(own: Traits, preset = '') =>
  ({
    kind: 'text',
    wire: v.nullish(string, ''),
    stored: v.optional(v.string(), preset),
    absent: null,
    ...own,
  }) as const

/** A text that is one of a few values. */
export const choice = <const Value extends string, const Traits extends FieldTraits>(
  values: readonly Value[],
  own: Traits,
) =>
  ({
    kind: 'text',
    wire: v.nullish(string, ''),
    stored: v.optional(v.picklist(['', ...values]), ''),
    absent: null,
    ...own,
  }) as const

/** True or false. */
export const flag = <const Traits extends FieldTraits>(own: Traits) =>
  ({
    kind: 'flag',
    wire: v.nullish(boolean, false),
    stored: v.optional(v.boolean(), false),
    absent: null,
    ...own,
  }) as const

/** True, false or not said, which is null in a row and not shown. */
export const flagOrNull = <const Traits extends FieldTraits>(own: Traits) =>
  ({
    kind: 'flag',
    wire: v.nullish(v.boolean('true, false or null'), null),
    stored: v.optional(v.nullable(v.boolean()), null),
    absent: null,
    shown: 'if-given',
    ...own,
  }) as const

/** A list of texts. An empty list and an absent one are the same. */
export const list = <const Traits extends FieldTraits>(own: Traits) =>
  ({
    kind: 'list',
    wire: v.nullish(strings, []),
    stored: v.optional(storedStrings, []),
    absent: null,
    ...own,
  }) as const

/** A list of texts; null in a row if it was never sent, which means the same as an empty one. */
export const listOrNull = <const Traits extends FieldTraits>(own: Traits) =>
  ({
    kind: 'list',
    wire: v.nullish(strings, null),
    stored: v.optional(v.nullable(storedStrings), null),
    absent: [],
    ...own,
  }) as const

/** Any JSON object. */
export const object = <const Traits extends FieldTraits>(own: Traits) =>
  ({
    kind: 'object',
    wire: v.nullish(wireObject, {}),
    stored: v.optional(storedObject, {}),
    absent: null,
    ...own,
  }) as const

/** A set of public keys; `{}` and null stand for none. */
export const keys = <const Traits extends FieldTraits>(own: Traits) =>
  ({
    kind: 'object',
    wire: v.nullish(wireObject, null),
    stored: v.optional(v.nullable(keySet), null),
    absent: {},
    ...own,
  }) as const

/** The lifetime of tokens, a Go duration. */
export const lifespan = () =>
  ({
    kind: 'duration',
    wire: v.nullish(v.string('a Go duration such as 1h30m'), null),
    stored: v.exactOptional(v.string()),
    absent: null,
    shown: 'if-given',
    bound: 'lifespan',
  }) as const

/**
 * A field that Hydra does not have. It is absent unless it was given. A bad value, of any type, is
 * `invalid_client_metadata`, and an empty text counts as absent.
 *
 * @param stored - its type; wider than `wire`, so that a stored value that is no longer accepted can still be read
 * @param wire - the accepted values
 */
export const further = <Stored extends v.GenericSchema>(stored: Stored, wire: v.GenericSchema) =>
  ({ kind: 'further', wire, stored: v.exactOptional(stored), absent: null, shown: 'if-given' }) as const

/** A JSON Web Key Set as clients register it. */
export type JwkSet = Readonly<v.InferOutput<typeof keySet>>
