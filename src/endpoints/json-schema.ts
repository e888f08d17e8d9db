import * as v from 'valibot'
import type { Schema } from '../http/endpoint.ts'
import { jsonObject } from '../util/json-value.ts'
import { instant, name as nameSchema } from '../util/schema.ts'

/** JSON, such as a schema in it. */
export type Json = Readonly<Record<string, unknown>>

/**
 * Whether a schema is for what this server reads or for what it writes. It reads null where a member may be absent, and
 * writes none.
 */
export type Side = 'read' | 'written'

/** Makes JSON Schemas of the schemas in the table of endpoints. */
export class JsonSchemas {
  readonly #names: ReadonlyMap<unknown, string>

  /** @param named - schemas that are referred to by their name */
  constructor(named: Readonly<Record<string, Schema>>) {
    this.#names = new Map<unknown, string>(Object.entries(named).map(([name, schema]) => [schema, name]))
  }

  /** Returns a schema as JSON Schema (draft 2020-12), a reference if it has a name. */
  of(schema: object, side: Side): Json {
    const name = this.#names.get(schema)
    return name === undefined ? this.whole(schema, side) : { $ref: `#/components/schemas/${name}` }
  }

  /** Returns a schema as JSON Schema; of valibot's, what the handlers use. A check in code says nothing there. */
  whole(schema: object, side: Side): Json {
    const known = IN_CODE.get(schema)
    if (known !== undefined) return known
    return isValibot(schema) ? this.#ofValibot(schema, side) : this.#plain(schema, side)
  }

  #ofValibot(schema: v.GenericSchema, side: Side): Json {
    const inner = (member: string): unknown => Reflect.get(schema, member)
    switch (schema.type) {
      case 'string':
      case 'boolean':
        return { type: schema.type }
      case 'number':
        return { type: isWhole(inner('pipe')) ? 'integer' : 'number' }
      case 'picklist':
        return { enum: inner('options') }
      case 'array':
        return { type: 'array', items: this.of(Object(inner('item')), side) }
      case 'optional':
        return this.of(Object(inner('wrapped')), side)
      case 'nullish':
      case 'nullable': {
        const wrapped = this.of(Object(inner('wrapped')), side)
        return side === 'read' ? orNull(wrapped) : wrapped
      }
      case 'union':
        return anyOf([inner('options')].flat().map((option) => this.of(Object(option), side)))
      case 'object':
        return this.#objectOf(Object(inner('entries')), side)
      case 'strict_object':
        return { ...this.#objectOf(Object(inner('entries')), side), additionalProperties: false }
      default:
        return {}
    }
  }

  #objectOf(entries: Readonly<Record<string, Schema>>, side: Side): Json {
    const required = Object.entries(entries).flatMap(([name, entry]) =>
      isValibot(entry) && !v.safeParse(entry, undefined).success ? [name] : [],
    )
    const properties = this.#each(entries, side)
    return { type: 'object', properties, ...(required.length > 0 && { required }) }
  }

  /** A JSON Schema whose parts may be valibot's. */
  #plain(schema: object, side: Side): Json {
    return Object.fromEntries(
      Object.entries(schema).map(([keyword, value]) => {
        if (keyword === 'items') return [keyword, this.of(value, side)]
        return [keyword, keyword === 'properties' ? this.#each(Object(value), side) : value]
      }),
    )
  }

  #each(schemas: Readonly<Record<string, Schema>>, side: Side): Json {
    return Object.fromEntries(Object.entries(schemas).map(([name, part]) => [name, this.of(part, side)]))
  }
}

/** What some checks in code ask for. */
const IN_CODE: ReadonlyMap<object, Json> = new Map<object, Json>([
  [instant, { type: 'string', format: 'date-time' }],
  [nameSchema, { type: 'string', minLength: 1, maxLength: 255 }],
  [jsonObject, { type: 'object' }],
])

const isValibot = (schema: object): schema is v.GenericSchema => 'kind' in schema && schema.kind === 'schema'

const isWhole = (pipe: unknown): boolean =>
  [pipe].flat().some((step) => /^(?:safe_)?integer$/.test(String(Reflect.get(Object(step), 'type'))))

const anyOf = (options: readonly Json[]): Json =>
  options.some((option) => Object.keys(option).length === 0) ? {} : { anyOf: options }

function orNull(schema: Json): Json {
  const { type } = schema
  if (Array.isArray(type)) return schema
  return typeof type === 'string' ? { ...schema, type: [type, 'null'] } : anyOf([schema, { type: 'null' }])
}
