import * as v from 'valibot'
import type { ErrorCode } from '../errors/catalogue.ts'
import { isJsonObject, isShallow, type JsonObject } from '../util/json.ts'

/** How a field bounds what a client may change of itself: each way has its rule in `clients/bounds.ts`. */
export type Bound = 'scope' | 'audience' | 'subset' | 'pairwise' | 'strength' | 'pinned' | 'lifespan'

/** What is said of a field beside its name and kind. */
export interface FieldTraits {
  /**
   * When it is shown, if not always: not while it is empty or off; only if a value was given; or to admins alone, and
   * never to the client itself.
   */
  readonly shown?: 'unless-empty' | 'if-given' | 'to-admins'
  /** Only admins set it: what a client that does is answered with, and whether the value outlives the client's changes. */
  readonly reserved?: { readonly refusal: ErrorCode; readonly kept: boolean }
  /** What an admin sets is as far as the client may go; unset for a field that is the client's own. */
  readonly bound?: Bound
  /** Each value is an http or https URL. */
  readonly url?: true
  /** The values it may have, unless it is empty. */
  readonly values?: readonly string[]
  /** There may be one in each language, such as `client_name#de` (OIDC Registration section 2.1). */
  readonly localized?: true
  /** What an empty list counts as (RFC 7591 section 2). */
  readonly emptyMeans?: readonly string[]
}

/** One field of a client's metadata: how JSON gives it, how it is stored, and what holds for it. */
export interface ClientField extends FieldTraits {
  readonly kind: 'text' | 'flag' | 'list' | 'object' | 'duration' | 'further'
  /** What a request may hold. Null says nothing in any field. */
  readonly wire: v.GenericSchema
  /** What a row holds. A row of an older release, which lacks it, reads as the default. */
  readonly stored: v.GenericSchema
  /** What is shown where there is no value. */
  readonly absent: null | readonly [] | Readonly<Record<string, never>>
}

/** Levels that JSON of a client's own may nest. */
const MAX_DEPTH = 32

const string = v.string('a string')
const strings = v.array(v.string('an array of strings'), 'an array of strings')
/** Texts as rows hold them. */
export const storedStrings = v.pipe(v.array(v.string()), v.readonly())
const wireObject = v.custom<JsonObject>(
  (value) => isJsonObject(value) && isShallow(value, MAX_DEPTH),
  'an object of moderate depth',
)
const storedObject = v.custom<JsonObject>(isJsonObject)
const keySet = v.object({ keys: v.pipe(v.array(storedObject), v.readonly()) })

/** A text; `preset` is what an empty one stands for. */
export const text = <const Traits extends FieldTraits>(own: Traits, preset = '') =>
  ({
    kind: 'text',
    wire: v.nullish(string, ''),
    stored: v.optional(v.string(), preset),
    absent: null,
    ...own,
  }) as const

/** A text of few values, stored as one of them. */
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
    wire: v.nullish(v.boolean('true or false'), false),
    stored: v.optional(v.boolean(), false),
    absent: null,
    ...own,
  }) as const

/** True, false, or not said. */
export const flagOrNull = <const Traits extends FieldTraits>(own: Traits) =>
  ({
    kind: 'flag',
    wire: v.nullish(v.boolean('true, false or null'), null),
    stored: v.optional(v.nullable(v.boolean()), null),
    absent: null,
    ...own,
  }) as const

/** Texts, where none and none sent are the same. */
export const list = <const Traits extends FieldTraits>(own: Traits) =>
  ({
    kind: 'list',
    wire: v.nullish(strings, []),
    stored: v.optional(storedStrings, []),
    absent: null,
    ...own,
  }) as const

/** Texts, where Hydra tells what was never sent from what is empty. */
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

/** How long tokens live, as a Go duration in canonical form. */
export const lifespan = () =>
  ({
    kind: 'duration',
    wire: v.nullish(v.string('a Go duration such as 1h30m'), null),
    stored: v.exactOptional(v.string()),
    absent: null,
    bound: 'lifespan',
  }) as const

/**
 * A field beyond those of Hydra, there only if it was given: an unusable value of whatever type is
 * `invalid_client_metadata` at once, and an empty text says nothing.
 *
 * @param stored - its type; wider than `wire`, so that a value that is taken no more still reads
 * @param wire - the values that are taken
 */
export const further = <Stored extends v.GenericSchema>(stored: Stored, wire: v.GenericSchema) =>
  ({ kind: 'further', wire, stored: v.exactOptional(stored), absent: null, shown: 'if-given' }) as const

/** JSON Web Key set as clients register it. */
export type JwkSet = Readonly<v.InferOutput<typeof keySet>>
