import type { GenericSchema } from 'valibot'
import { refuses } from '../../src/endpoints/schemas.ts'
import type { Endpoint, Schema } from '../../src/http/endpoint.ts'

/** Media types of what endpoints take. */
const TYPES = {
  form: 'application/x-www-form-urlencoded',
  json: 'application/json',
  'public-json': 'application/json',
} as const

type Json = Readonly<Record<string, unknown>>

/** Makes an OpenAPI 3.1 document of endpoints. */
export function openApiOf(endpoints: readonly Endpoint[], version: string): Json {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const endpoint of endpoints)
    for (const path of spellings(endpoint.path)) {
      const item = { ...paths[path] }
      for (const method of endpoint.methods) item[method.toLowerCase()] = operation(endpoint, method, path)
      paths[path] = item
    }
  return { openapi: '3.1.0', info: { title: 'Ladon', version }, paths }
}

/** A path with and without each parameter that may be missing, as templates (RFC 6570). */
function spellings(path: string): readonly string[] {
  const short = path.replace(/\/:\w+\?$/, '')
  const long = path.replaceAll(/:(\w+)\??/g, '{$1}')
  return short === path ? [long] : [...spellings(short), long]
}

function operation(endpoint: Endpoint, method: string, path: string): Json {
  const { body, rate } = endpoint
  const wire = endpoint.wire()
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  const inQuery = Object.entries(wire.query ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    schema: jsonSchemaOf(schema),
  }))
  const takes = body !== 'none' && ['POST', 'PUT', 'PATCH'].includes(method)
  return {
    summary: wire.summary,
    parameters: [...inPath, ...inQuery],
    ...(takes && { requestBody: { content: { [TYPES[body]]: { schema: jsonSchemaOf(wire.body ?? {}) } } } }),
    responses: Object.fromEntries(
      Object.entries({ ...wire.answers, ...(rate !== 'none' && refuses(429)) }).map(
        ([status, { description, content = {} }]) => [
          status,
          {
            description,
            content: Object.fromEntries(
              Object.entries(content).map(([type, schema]) => [type, { schema: jsonSchemaOf(schema) }]),
            ),
          },
        ],
      ),
    ),
  }
}

const isValibot = (schema: object): schema is GenericSchema => 'kind' in schema && schema.kind === 'schema'

/** A schema as JSON Schema; of valibot's, what the handlers use. A check in code says nothing there. */
function jsonSchemaOf(schema: object): Json {
  if (!isValibot(schema)) return plain(schema)
  const inner = (name: string): unknown => Reflect.get(schema, name)
  switch (schema.type) {
    case 'string':
    case 'boolean':
    case 'number':
      return { type: schema.type }
    case 'picklist':
      return { enum: inner('options') }
    case 'array':
      return { type: 'array', items: jsonSchemaOf(Object(inner('item'))) }
    case 'optional':
    case 'nullish':
    case 'nullable':
      return jsonSchemaOf(Object(inner('wrapped')))
    case 'union':
      return { anyOf: [inner('options')].flat().map((option) => jsonSchemaOf(Object(option))) }
    case 'object':
      return objectOf(Object(inner('entries')))
    default:
      return {}
  }
}

/** A JSON Schema whose parts may be valibot's. */
function plain(schema: object): Json {
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => {
      if (keyword === 'items') return [keyword, jsonSchemaOf(value)]
      if (keyword !== 'properties') return [keyword, value]
      const properties = Object.entries(Object(value)).map(([name, part]) => [
        name,
        jsonSchemaOf(Object(part)),
      ])
      return [keyword, Object.fromEntries(properties)]
    }),
  )
}

function objectOf(entries: Readonly<Record<string, Schema>>): Json {
  const required = Object.keys(entries).filter((name) => {
    const type: unknown = Reflect.get(Object(entries[name]), 'type')
    return type !== 'optional' && type !== 'nullish'
  })
  const properties = Object.fromEntries(
    Object.entries(entries).map(([name, entry]) => [name, jsonSchemaOf(entry)]),
  )
  return { type: 'object', properties, ...(required.length > 0 && { required }) }
}
