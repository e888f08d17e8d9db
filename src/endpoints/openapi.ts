import type { Answer, Endpoint, Schema } from '../http/endpoint.ts'
import { release } from '../util/release.ts'
import { type Json, JsonSchemas } from './json-schema.ts'
import { operationId } from './operations.ts'
import {
  client,
  clientBody,
  error,
  gives,
  key,
  keyBody,
  keySet,
  keySetBody,
  lifespans,
  refuses,
  text,
} from './schemas.ts'
import { endpointsOf, endpointTable } from './table.ts'

/** Media types of what endpoints take. */
const TYPES = {
  form: 'application/x-www-form-urlencoded',
  json: 'application/json',
  'public-json': 'application/json',
} as const

/** The schemas that the document has once, by name: of what is read, and of what is written or both. */
const READ: Readonly<Record<string, Schema>> = { clientBody, lifespans, keyBody, keySetBody }
const WRITTEN: Readonly<Record<string, Schema>> = { client, key, keySet, error }

const schemas = new JsonSchemas({ ...READ, ...WRITTEN })

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
  const named = Object.fromEntries([
    ...Object.entries(shapes.schemas).map(([name, schema]) => [name, referring(schema)]),
    ...Object.entries(WRITTEN).map(([name, schema]) => [name, schemas.whole(schema, 'written')]),
    ...Object.entries(READ).map(([name, schema]) => [name, schemas.whole(schema, 'read')]),
  ])
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
      schemas: used(named, paths),
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
function used(named: Readonly<Record<string, Json>>, paths: Json): Json {
  const found = new Set<string>()
  const visit = (value: unknown): void => {
    for (const [, name = ''] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      if (found.has(name)) continue
      found.add(name)
      visit(named[name] ?? {})
    }
  }
  visit(paths)
  return Object.fromEntries(Object.entries(named).filter(([name]) => found.has(name)))
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
  // Which web pages may call is decided by the client, which such a request may name (`http/cors.ts`).
  const query = { ...wire.query, ...(endpoint.cors === 'client' && { client_id: text }) }
  const inQuery = Object.entries(query).map(([name, schema]) => ({
    name,
    in: 'query',
    schema: schemas.of(schema, 'read'),
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
    ...(takes && {
      requestBody: { content: { [TYPES[body]]: { schema: schemas.of(wire.body ?? {}, 'read') } } },
    }),
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
  if (/^\/(?:$|(?:ui|demo|oauth2\/fallbacks)(?:\/|$))/.test(path)) return { tags: ['pages'], security: [] }
  if (/^\/oauth2\/(?:token|revoke|device\/auth)$/.test(path))
    return { tags: ['public'], security: [{ client: [] }, {}] }
  const bearer = /^\/(?:userinfo|credentials|(?:oauth2|connect)\/register)(?:\/|$)/.test(path)
  return { tags: ['public'], security: bearer ? [{ accessToken: [] }, {}] : [] }
}

/** @param detailed - the JSON of a good answer, if that is described elsewhere */
function response({ description, content = {} }: Answer, detailed: Json | undefined): Json {
  const contents = Object.entries(content).map(([type, schema]) => {
    const isDescribed = detailed !== undefined && type === 'application/json'
    return [type, { schema: isDescribed ? referring(detailed) : schemas.of(schema, 'written') }]
  })
  return { description, ...(contents.length > 0 && { content: Object.fromEntries(contents) }) }
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
