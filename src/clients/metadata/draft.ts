import * as v from 'valibot'
import { malformedBody } from '../../errors/refusals.ts'
import { type FieldWith, fieldsWith, LIFESPAN_FIELDS, wire } from '../../store/client-metadata.ts'
import { isJsonObject } from '../../util/json.ts'
import { string, wanted } from '../../util/schema.ts'
import { measure } from './measure.ts'

/** Kinds of fields whose type is checked before any value; a wrong type makes the whole body malformed, as in Hydra. */
const KINDS = ['text', 'list', 'flag', 'object'] as const

type Typed = FieldWith<{ readonly kind: (typeof KINDS)[number] }>

const isTyped = (name: string): name is Typed => typed.has(name)
const typed: ReadonlySet<string> = new Set(KINDS.flatMap((kind) => [...fieldsWith({ kind })]))

const TIME = 'a time in whole seconds, or 0'
const credential = v.nullish(string, '')
const time = v.pipe(v.number(TIME), v.safeInteger(TIME), v.minValue(0, TIME))
const shape = v.object({
  client_id: credential,
  client_secret: credential,
  client_secret_expires_at: v.nullish(time, null),
  ...wire(fieldsWith({}).filter(isTyped)),
})
const lifespanShape = v.object(wire(LIFESPAN_FIELDS))

/** A client's JSON with checked types and unchecked values; missing texts are empty, missing arrays empty or null. */
export type ClientDraft = TypedDraft & LifespanDraft

/** The fields of a draft that have a type of their own. */
type TypedDraft = Readonly<v.InferOutput<typeof shape>>

type LifespanDraft = Readonly<v.InferOutput<typeof lifespanShape>>

/**
 * Reads the known fields of a client's JSON. Throws what `measure` throws, and `malformed_body` with the name of the
 * first field of a wrong type.
 */
export function readDraft(body: unknown): ClientDraft {
  measure(body)
  return { ...read(shape, body), ...read(lifespanShape, body) }
}

/** Reads only the lifespan fields; throws like `readDraft`. */
export function readLifespanDraft(body: unknown): LifespanDraft {
  measure(body)
  return read(lifespanShape, body)
}

function read<S extends v.GenericSchema>(schema: S, body: unknown): v.InferOutput<S> {
  if (!isJsonObject(body)) throw malformedBody('body_malformed', { expected: 'a JSON object' })
  const result = v.safeParse(schema, body, { abortEarly: true })
  if (result.success) return result.output
  throw malformedBody('field_malformed', wanted(result.issues[0]))
}
