import { Validator } from '@cfworker/json-schema'
import document from '../../src/assets/openapi.json'
import { isJsonObject, type JsonObject } from '../../src/util/json.ts'

/** The paths of the document; those with fewer parameters go first, since they may look like a parameter of others. */
const PATHS = Object.entries<unknown>(document.paths)
  .map(([path, item]) => ({
    path,
    item: isJsonObject(item) ? item : {},
    matches: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
  }))
  .sort((one, other) => one.path.split('{').length - other.path.split('{').length)

/** An operation of the document. */
export interface Operation {
  /** Its method and path as the document has them. */
  readonly name: string
  readonly said: JsonObject
}

/** Returns the operation that a request asks for; undefined if the document does not have its path, as those of v1. */
export function operationAt(method: string, pathname: string): Operation | undefined {
  const path = pathname.replace(/\/{2,}/g, '/').replace(/(?<=.)\/$/, '')
  const verb = method.toLowerCase()
  const place = PATHS.find(({ matches, item }) => matches.test(path) && item[verb] !== undefined)
  return place && { name: `${method} ${place.path}`, said: objectAt(place.item, verb) }
}

/**
 * Says where an answer of JSON leaves the OpenAPI document; undefined if it fits, or if the document does not have its
 * path. A status that an operation does not list must be a refusal.
 */
export function unfit(method: string, pathname: string, status: number, body: unknown): string | undefined {
  const operation = operationAt(method, pathname)
  if (operation === undefined || (status === 404 && isOfUnknownPath(body))) return undefined
  const { responses } = operation.said
  const answers = isJsonObject(responses) ? responses : {}
  const listed = answers[status] !== undefined
  const called = `${operation.name}, status ${status}`
  if (!listed && status < 400) return `${called}: not in the document`
  const schema = schemaIn(objectAt(answers, listed ? String(status) : 'default'), 'application/json')
  if (schema === undefined) return `${called}: the document has no JSON there`
  const fault = faultOf(`${operation.name} ${listed ? status : 'default'}`, schema, body)
  return fault && `${called}: ${fault}`
}

/** Returns the schema of a media type in an answer or a body of the document. */
export function schemaIn(part: JsonObject, type: string): JsonObject | undefined {
  const schema = objectAt(objectAt(objectAt(part, 'content'), type), 'schema')
  return Object.keys(schema).length === 0 ? undefined : schema
}

const validators = new Map<string, Validator>()

/**
 * Says where a value leaves a schema of the document.
 *
 * @param name - of the schema, the same for the same one: its validator is kept
 */
export function faultOf(name: string, schema: JsonObject, value: unknown): string | undefined {
  const { components } = document
  const validator = validators.get(name) ?? new Validator({ ...schema, components }, '2020-12')
  validators.set(name, validator)
  const { valid, errors } = validator.validate(value)
  const fault = errors.at(-1)
  return valid || fault === undefined ? undefined : `${fault.instanceLocation} ${fault.error}`
}

/** A page that is switched off answers as a path that is in no document (contract 0.2). */
const isOfUnknownPath = (body: unknown): boolean => {
  const { code, message, reason, ...more } = isJsonObject(body) ? objectAt(body, 'error') : {}
  const isWhole = code === 404 && message === 'Not Found' && typeof reason === 'string'
  return isWhole && Object.keys(more).length === 0
}

/** Returns a member that is an object, or an empty one. */
export const objectAt = (object: JsonObject, name: string): JsonObject => {
  const value = object[name]
  return isJsonObject(value) ? value : {}
}
