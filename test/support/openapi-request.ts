import { ADMIN_PARAMETERS, HYDRA_REPEATS, OAUTH_PARAMETERS } from '../../src/http/repeats.ts'
import { isJsonObject, type JsonObject } from '../../src/util/json.ts'
import { faultOf, type Operation, objectAt, operationAt, schemaIn } from './openapi.ts'

/** A request as a test made it. */
export interface Made {
  readonly method: string
  readonly url: URL
  /** What it sent; undefined without a body. */
  readonly body: string | URLSearchParams | FormData | undefined
}

type Sent = ReadonlyMap<string, readonly string[]>

/**
 * Says where a request leaves the OpenAPI document; undefined if it fits, or if the document does not have its path. It
 * is meant for requests that the server did what they asked for: others may be wrong in any way. The built-in pages are
 * left out: nothing but their own links and forms leads to them.
 */
export function unfitRequest({ method, url, body }: Made): string | undefined {
  const operation = operationAt(method, url.pathname)
  if (operation === undefined || [operation.said['tags']].flat().includes('pages')) return undefined
  const fault = faultInQuery(operation, valuesOf([...url.searchParams])) ?? faultInBody(operation, body)
  return fault && `${operation.name}: ${fault}`
}

/**
 * A query has only parameters of the document, or such as no endpoint reads: those are ignored (RFC 6749 section 3.1).
 */
function faultInQuery({ name: called, said }: Operation, sent: Sent): string | undefined {
  const listed = [said['parameters']].flat().filter(isJsonObject)
  const query = new Map(listed.filter((one) => one['in'] === 'query').map((one) => [one['name'], one]))
  for (const [name, values] of sent) {
    const parameter = query.get(name)
    if (parameter === undefined && !isRead(name)) continue
    if (parameter === undefined) return `no parameter ${name}`
    const schema = objectAt(parameter, 'schema')
    const fault = faultOf(`${called} ?${name}`, schema, read(name, schema, values))
    if (fault !== undefined) return `parameter ${name}: ${fault}`
  }
  return undefined
}

const isRead = (name: string): boolean => OAUTH_PARAMETERS.has(name) || ADMIN_PARAMETERS.has(name)

function faultInBody({ name, said }: Operation, body: Made['body']): string | undefined {
  if (body === undefined || body === '') return undefined
  const taken = objectAt(said, 'requestBody')
  const form = schemaIn(taken, 'application/x-www-form-urlencoded')
  if (form !== undefined) return faultOf(`${name} body`, form, fromForm(form, body))
  const json = schemaIn(taken, 'application/json')
  // What is sent where nothing is read says nothing.
  return json && faultOf(`${name} body`, json, typeof body === 'string' ? JSON.parse(body) : body)
}

/** What a form says: an object of texts, and of lists where the document has lists. */
function fromForm(schema: JsonObject, body: NonNullable<Made['body']>): JsonObject {
  const entries = [...(typeof body === 'string' ? new URLSearchParams(body) : body)]
  const sent = valuesOf(entries.map(([name, value]) => [name, String(value)]))
  const members = objectAt(schema, 'properties')
  return Object.fromEntries(
    [...sent].map(([name, values]) => [name, read(name, objectAt(members, name), values)]),
  )
}

/** The values of each name. An empty one counts as absent (RFC 6749 section 3.1), an equal one as the same. */
function valuesOf(entries: readonly (readonly [string, string])[]): Sent {
  const sent = Map.groupBy(
    entries.filter(([, value]) => value !== ''),
    ([name]) => name,
  )
  return new Map([...sent].map(([name, all]) => [name, [...new Set(all.map(([, value]) => value))]]))
}

/** Reads values as their schema has them: each text of a list, else the only one that there is or that counts. */
function read(
  name: string,
  { type }: JsonObject,
  values: readonly string[],
): string | number | boolean | readonly string[] {
  const [value = '', ...more] = values
  if (type === 'array' || (more.length > 0 && !HYDRA_REPEATS.firsts.has(name))) return values
  if (type === 'integer' && /^-?\d+$/.test(value)) return Number(value)
  if (type === 'boolean' && /^(?:true|false)$/.test(value)) return value === 'true'
  return value
}
