import * as v from 'valibot'
import type { Answer, Endpoint, Schema } from '../http/endpoint.ts'
import { release } from '../util/release.ts'
import { operationId } from './operations.ts'
import { client, error, gives, key, keySet, lifespans, refuses } from './schemas.ts'
import { endpointsOf, endpointTable } from './table.ts'

/** Media types of what endpoints take. */
const TYPES = {
  form: 'application/x-www-form-urlencoded',
  json: 'application/json',
  'public-json': 'application/json',
} as const

type Json = Readonly<Record<string, unknown>>

/** The schemas that the document has once, by name. */
const NAMED_SCHEMAS: Readonly<Record<string, Schema>> = { client, lifespans, key, keySet, error }

/** The answers of operations that are described elsewhere, as in Hydra's documents: by method and path, and status. */
export interface Shapes {
  readonly operations: Readonly<Record<string, Readonly<Record<string, Json>>>>
  readonly schemas: Readonly<Record<string, Json>>
}

/** Makes the OpenAPI 3.1 document of this server. */
export const openApi = (shapes: Shapes): Json =>
  openApiOf(endpointsOf(endpointTable(NOBODY)), release, shapes)

/** The table needs a way to this server's routes, which nobody goes while the document is made. */
const NOBODY = (): never => {
  throw new TypeError('The document is made without a server.')
}

/**
 * Makes the OpenAPI 3.1 document of endpoints.
 *
 * @param shapes - what answers hold in more detail than the table says
 */
export function openApiOf(
  endpoints: readonly Endpoint[],
  version: string,
  shapes: Shapes = { operations: {}, schemas: {} },
): Json {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const endpoint of endpoints)
    for (const path of [...spellings(endpoint.path), ...(UNPREFIXED[endpoint.path] ?? [])]) {
      const item = { ...paths[path] }
      for (const method of endpoint.methods)
        item[method.toLowerCase()] ??= operation(endpoint, method, path, shapes)
      paths[path] = item
    }
  const schemas = {
    ...Object.fromEntries(Object.entries(shapes.schemas).map(([name, schema]) => [name, referring(schema)])),
    ...Object.fromEntries(
      Object.entries(NAMED_SCHEMAS).map(([name, schema]) => [name, jsonSchemaOf(schema, false)]),
    ),
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Ladon',
      version,
      summary: SUMMARY,
      license: { name: 'Apache 2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'The issuer.' }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: used(schemas, paths),
      securitySchemes: SECURITY,
    },
  }
}

/** Paths of the admin API that are documented without its prefix too (contract 1.2). */
const UNPREFIXED: Readonly<Record<string, readonly string[]>> = {
  '/admin/version': ['/version'],
  '/admin/oauth2/introspect': ['/oauth2/introspect'],
}

const SUMMARY = "OAuth 2.0 authorization server and OpenID Connect provider that speaks Ory Hydra's HTTP API"

const TAGS = {
  public: 'For clients, devices and browsers',
  admin: 'For operators and the login and consent app, behind an API key',
  pages: 'Built-in pages, and the demo application',
} as const

/** Refusals that no row lists, since any endpoint may have them: 404, 405, 421, 500, 503. */
const OTHER_REFUSAL: Answer = gives('Any other refusal.', error)

const SECURITY = {
  apiKey: {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key of ADMIN_API_KEYS with a scope that suffices.',
  },
  client: { type: 'http', scheme: 'basic', description: 'Client authentication (RFC 6749 section 2.3).' },
  accessToken: {
    type: 'http',
    scheme: 'bearer',
    description: 'An access token, or the token of a registration.',
  },
} as const

/** The schemas that paths refer to, and those that these refer to. */
function used(schemas: Readonly<Record<string, Json>>, paths: Json): Json {
  const found = new Set<string>()
  const visit = (value: unknown): void => {
    for (const [, name = ''] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      if (found.has(name)) continue
      found.add(name)
      visit(schemas[name] ?? {})
    }
  }
  visit(paths)
  return Object.fromEntries(Object.entries(schemas).filter(([name]) => found.has(name)))
}

/** A path with and without each parameter that may be missing, as templates (RFC 6570). */
export function spellings(path: string): readonly string[] {
  const short = path.replace(/\/:\w+\?$/, '')
  const long = path.replaceAll(/:(\w+)\??/g, '{$1}')
  return short === path ? [long] : [...spellings(short), long]
}

function operation(endpoint: Endpoint, method: string, path: string, shapes: Shapes): Json {
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
  const answers = { ...wire.answers, ...(rate !== 'none' && refuses(429)) }
  // A client that registered itself is shown its keys as it sent them, with labels or without.
  const detailed = path.startsWith('/oauth2/register') ? {} : (shapes.operations[`${method} ${path}`] ?? {})
  return {
    operationId: operationId(method, path),
    summary: wire.summary,
    ...describedBy(method, path),
    parameters: [...inPath, ...inQuery],
    ...(takes && { requestBody: { content: { [TYPES[body]]: { schema: jsonSchemaOf(wire.body ?? {}) } } } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, answer]) => [status, response(answer, detailed[status])]),
      ),
      default: response(OTHER_REFUSAL, undefined),
    },
  }
}

/** Who an operation is for, and how it is opened. */
function describedBy(method: string, path: string): Json {
  if (path.startsWith('/admin/') && method !== '') return { tags: ['admin'], security: [{ apiKey: [] }] }
  if (/^\/(?:ui|demo)(?:\/|$)/.test(path)) return { tags: ['pages'], security: [] }
  if (/^\/oauth2\/(?:token|revoke|device\/auth)$/.test(path))
    return { tags: ['public'], security: [{ client: [] }, {}] }
  const bearer = /^\/(?:userinfo|credentials|(?:oauth2|connect)\/register)(?:\/|$)/.test(path)
  return { tags: ['public'], security: bearer ? [{ accessToken: [] }, {}] : [] }
}

/** @param detailed - the JSON of a good answer, if that is described elsewhere */
function response({ description, content = {} }: Answer, detailed: Json | undefined): Json {
  const schemas = Object.entries(content).map(([type, schema]) => {
    const isDescribed = detailed !== undefined && type === 'application/json'
    return [type, { schema: isDescribed ? referring(detailed) : jsonSchemaOf(schema) }]
  })
  return { description, ...(schemas.length > 0 && { content: Object.fromEntries(schemas) }) }
}

/** A schema of the shapes, whose references are by name. */
function referring(schema: unknown): Json {
  const value = deep(schema)
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function deep(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(deep)
  if (typeof value !== 'object' || value === null) return value
  const ref: unknown = Reflect.get(value, 'ref')
  if (typeof ref === 'string') return { $ref: `#/components/schemas/${ref}` }
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, deep(member)]))
}

const names = new Map<unknown, string>(Object.entries(NAMED_SCHEMAS).map(([name, schema]) => [schema, name]))

const isValibot = (schema: object): schema is v.GenericSchema => 'kind' in schema && schema.kind === 'schema'

/**
 * A schema as JSON Schema; of valibot's, what the handlers use. A check in code says nothing there.
 *
 * @param refers - whether one that has a name is referred to by that
 */
function jsonSchemaOf(schema: object, refers = true): Json {
  const name = refers ? names.get(schema) : undefined
  if (name !== undefined) return { $ref: `#/components/schemas/${name}` }
  if (!isValibot(schema)) return plain(schema)
  const inner = (member: string): unknown => Reflect.get(schema, member)
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
    case 'union': {
      const anyOf = [inner('options')].flat().map((option) => jsonSchemaOf(Object(option)))
      return anyOf.some((option) => Object.keys(option).length === 0) ? {} : { anyOf }
    }
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
  const required = Object.entries(entries).flatMap(([name, entry]) =>
    isValibot(entry) && !v.safeParse(entry, undefined).success ? [name] : [],
  )
  const properties = Object.fromEntries(
    Object.entries(entries).map(([name, entry]) => [name, jsonSchemaOf(entry)]),
  )
  return { type: 'object', properties, ...(required.length > 0 && { required }) }
}
