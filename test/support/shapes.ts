import { isJsonObject } from '../../src/util/json.ts'
import v1 from './shapes/hydra-1.11.json'
import v2 from './shapes/hydra-26.2.json'

/** What a value must be like, in the few keywords that Hydra's documents use (OpenAPI 3.0). */
interface Schema {
  readonly ref?: string
  readonly type?: string
  readonly format?: string
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema | boolean
}

/** The answers of a generation's operations, by method and path and by status. */
interface Shapes {
  readonly operations: Readonly<Record<string, Readonly<Record<string, Schema>>>>
  readonly schemas: Readonly<Record<string, Schema>>
}

/** An operation of a generation. Readers of v1 stop at members that they do not know. */
interface Operation {
  readonly name: string
  readonly answers: Readonly<Record<string, Schema>>
  readonly generation: Shapes
  readonly strict: boolean
}

const operationsOf = (generation: Shapes, strict: boolean): readonly (Operation & { matches: RegExp })[] =>
  Object.entries(generation.operations).map(([name, answers]) => ({
    name,
    answers,
    generation,
    strict,
    matches: new RegExp(`^${name.replaceAll(/\{\w+\}/g, '[^/]+').replaceAll('.', '\\.')}$`),
  }))

/** Where both generations have a path, v2 counts; admin paths without prefix are v1's alone. */
const OPERATIONS = [...operationsOf(v2, false), ...operationsOf(v1, true)]

/** Spellings of v1.0-beta and of v1's documents, as the path that v1.11 has (contract 8.1). */
const SPELLINGS: readonly (readonly [RegExp, string])[] = [
  [/^(\/oauth2\/auth\/requests\/(?:login|consent))\/(?!accept$|reject$)[^/]+(\/accept|\/reject)?$/, '$1$2'],
  [/^(\/oauth2\/auth\/sessions\/(?:login|consent))\/.+$/, '$1'],
]

/**
 * Every error. The documents say `genericError` for some operations, but Hydra's server answers them like all others
 * (contract 0.3).
 */
const ERRORS: ReadonlySet<string> = new Set([
  'genericError',
  'jsonError',
  'errorOAuth2',
  'errorOAuth2Default',
])
const ONE_ERROR: Schema = {
  type: 'object',
  required: ['error', 'error_description'],
  properties: { error: { type: 'string' }, error_description: { type: 'string' } },
}
/** The answer to a step that has expired, for any decision (contract 1.4.2). */
const EXPIRED: Schema = {
  type: 'object',
  required: ['redirect_to'],
  properties: { redirect_to: { type: 'string' } },
}

const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/

/**
 * Says what is wrong with an answer for strict readers of Hydra's API, naming operation and member; undefined if it
 * fits or belongs to no operation of Hydra's. No member may be null or of another type. A member that the schema lacks
 * must not be empty, and on paths of v1 there must be none.
 */
export function misfit(method: string, pathname: string, status: number, body: unknown): string | undefined {
  const path = pathname.replace(/\/{2,}/g, '/').replace(/(?<=.)\/$/, '')
  const operation = operationAt(method, path)
  if (operation === undefined) return undefined
  const fault = faultIn(schemaOf(operation, status), body, { ...operation, at: 'body' })
  return fault && `${operation.name} (${operation.strict ? 'v1.11' : 'v26.2'}), status ${status}: ${fault}`
}

function operationAt(method: string, path: string): Operation | undefined {
  const spelled = SPELLINGS.reduce((known, [spelling, meant]) => known.replace(spelling, meant), path)
  const registration = spelled.replace(/^\/connect\/register(?=\/|$)/, '/oauth2/register')
  const call = `${method} ${registration}`
  return OPERATIONS.find(({ matches, strict }) => matches.test(call) && (strict || registration === spelled))
}

function schemaOf({ answers }: Operation, status: number): Schema {
  if (status === 410) return EXPIRED
  const schema = answers[status] ?? answers['default']
  return schema === undefined || ERRORS.has(schema.ref ?? '') ? ONE_ERROR : schema
}

interface Place {
  /** The operation. */
  readonly name: string
  readonly generation: Shapes
  readonly strict: boolean
  readonly at: string
}

function faultIn(schema: Schema, value: unknown, place: Place): string | undefined {
  const { generation, at } = place
  if (schema.ref !== undefined) return faultIn(generation.schemas[schema.ref] ?? {}, value, place)
  if (value === null) return `${at} is null`
  switch (schema.type) {
    case 'string':
      if (typeof value !== 'string') return `${at} is no string`
      return schema.format === 'date-time' && !DATE_TIME.test(value) ? `${at} is no date-time` : undefined
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `${at} is no boolean`
    case 'integer':
      return Number.isSafeInteger(value) ? undefined : `${at} is no integer`
    case 'array':
      if (!Array.isArray(value)) return `${at} is no array`
      return first(value, (item, index) =>
        faultIn(schema.items ?? {}, item, { ...place, at: `${at}[${index}]` }),
      )
    case 'object':
      return faultInObject(schema, value, place)
    default:
      return undefined
  }
}

function faultInObject(schema: Schema, value: unknown, place: Place): string | undefined {
  const { at, strict } = place
  if (!isJsonObject(value)) return `${at} is no object`
  const missing = schema.required?.find((name) => value[name] === undefined)
  if (missing !== undefined && !asRegistered(missing, place)) return `${at}.${missing} is missing`
  const { properties, additionalProperties } = schema
  return first(Object.entries(value), ([name, member]) => {
    const inside = { ...place, at: `${at}.${name}` }
    const known = properties?.[name]
    if (known !== undefined) return faultIn(known, member, inside)
    if (typeof additionalProperties === 'object') return faultIn(additionalProperties, member, inside)
    if (properties === undefined) return undefined
    if (strict) return `${inside.at} is not in the schema`
    return member === null || member === '' ? `${inside.at} is empty, and not in the schema` : undefined
  })
}

/**
 * Whether a client that registered itself left a label of its key out. It is shown its keys as they are: empty labels
 * would stop readers of RFC 7591 and 7517.
 */
const asRegistered = (missing: string, { name, at }: Place): boolean =>
  name.includes(' /oauth2/register') && at.includes('.jwks.keys[') && LABELS.includes(missing)

const LABELS: readonly string[] = ['kid', 'use', 'alg']

function first<T>(
  items: readonly T[],
  fault: (item: T, index: number) => string | undefined,
): string | undefined {
  for (const [index, item] of items.entries()) {
    const found = fault(item, index)
    if (found !== undefined) return found
  }
  return undefined
}
