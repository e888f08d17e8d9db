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

const validators = new Map<string, Validator | null>()

/**
 * Says where an answer of JSON leaves the OpenAPI document; undefined if it fits, or if the document does not have its
 * path: those of v1 are not in it. A status that an operation does not list must be a refusal.
 */
export function unfit(method: string, pathname: string, status: number, body: unknown): string | undefined {
  const path = pathname.replace(/\/{2,}/g, '/').replace(/(?<=.)\/$/, '')
  const place = PATHS.find(
    ({ matches, item }) => matches.test(path) && item[method.toLowerCase()] !== undefined,
  )
  if (place === undefined || (status === 404 && isOfUnknownPath(body))) return undefined
  const { responses } = objectAt(place.item, method.toLowerCase())
  const answers = isJsonObject(responses) ? responses : {}
  const listed = answers[status] !== undefined
  const called = `${method} ${place.path}, status ${status}`
  if (!listed && status < 400) return `${called}: not in the document`
  const name = `${method} ${place.path} ${listed ? status : 'default'}`
  if (!validators.has(name))
    validators.set(name, validatorOf(objectAt(answers, listed ? String(status) : 'default')))
  const result = validators.get(name)?.validate(body)
  if (result === undefined) return `${called}: the document has no JSON there`
  const fault = result.errors.at(-1)
  return result.valid || fault === undefined
    ? undefined
    : `${called}: ${fault.instanceLocation} ${fault.error}`
}

/** A page that is switched off answers as a path that is in no document (contract 0.2). */
const isOfUnknownPath = (body: unknown): boolean => {
  const { code, message, reason, ...more } = isJsonObject(body) ? objectAt(body, 'error') : {}
  const isWhole = code === 404 && message === 'Not Found' && typeof reason === 'string'
  return isWhole && Object.keys(more).length === 0
}

function validatorOf(answer: JsonObject): Validator | null {
  const schema = objectAt(objectAt(objectAt(answer, 'content'), 'application/json'), 'schema')
  const { components } = document
  return Object.keys(schema).length === 0 ? null : new Validator({ ...schema, components }, '2020-12')
}

const objectAt = (object: JsonObject, name: string): JsonObject => {
  const value = object[name]
  return isJsonObject(value) ? value : {}
}
