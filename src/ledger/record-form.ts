import { isText } from '../util/guard.ts'
import { isJsonObject } from '../util/json.ts'
import type { GrantRecord } from './grant-record.ts'

/*
 * The stored form of a grant's record. A row of more than about 1,000 bytes takes a page of its own besides, so the form
 * leaves out whatever is elsewhere: in the columns of the row, in the query of the request, or nothing but a default.
 * Version 1 had every member by its name.
 */

const VERSION = 2

/** Members that columns of the row hold. */
export type InColumns = Pick<GrantRecord, 'clientId' | 'sid' | 'handledAt'>

/** Short names of members. Others, of newer releases too, keep their own. */
const SHORT: ReadonlyMap<string, string> = new Map([
  ['subject', 's'],
  ['instance', 'i'],
  ['query', 'q'],
  ['requestedAt', 'r'],
  ['authTime', 't'],
  ['scope', 'c'],
  ['audience', 'a'],
  ['requestedScope', 'rc'],
  ['requestedAudience', 'ra'],
  ['nonce', 'n'],
  ['accessTokenClaims', 'at'],
  ['idTokenClaims', 'it'],
])

const LONG: ReadonlyMap<string, string> = new Map([...SHORT].map(([name, short]) => [short, name]))

/** What a member is that is left out. */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  audience: [],
  acr: '',
  amr: [],
  remember: false,
  rememberFor: 0,
  accessTokenClaims: {},
  idTokenClaims: {},
  context: null,
}

/** Whether two values are the same, for what is compared here: texts, numbers, lists of texts, empty objects. */
function isSame(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((item, at) => item === other[at])
  }
  return one === other || (isEmpty(one) && isEmpty(other))
}

const isEmpty = (value: unknown): boolean => isJsonObject(value) && Object.keys(value).length === 0

/** Returns a record in its stored form. */
export function compact(record: GrantRecord): string {
  const { clientId, sid: _sid, handledAt: _handledAt, ...members } = record
  const query = withoutClient(members.query, clientId)
  const given = Object.entries({ ...members, query }).filter(([, value]) => value !== undefined)
  // Put back by `expanded`, from what is before them in its order.
  const implied = new Map(Object.entries({ ...DEFAULTS, ...impliedBy(record) }))
  const kept = given.filter(([name, value]) => !implied.has(name) || !isSame(value, implied.get(name)))
  return JSON.stringify(
    Object.fromEntries([['v', VERSION], ...kept.map(([name, value]) => [SHORT.get(name) ?? name, value])]),
  )
}

/** Returns the members of a record in a stored form of any version. Their types are to be checked. */
export function expanded(stored: unknown, columns: InColumns): unknown {
  if (!isJsonObject(stored)) return stored
  const { v: version, ...members } = stored
  if (version === 1) return members
  if (version !== VERSION) return undefined
  const record: Record<string, unknown> = { ...DEFAULTS }
  for (const [name, value] of Object.entries(members)) record[LONG.get(name) ?? name] = value
  Object.assign(record, columns)
  if (isText(record['query'])) record['query'] = withClient(record['query'], columns.clientId)
  return { ...impliedBy(record), ...record }
}

/** The members that are as others of the record say. */
function impliedBy(
  record: Readonly<Partial<Record<keyof GrantRecord, unknown>>>,
): Readonly<Record<string, unknown>> {
  const query = isText(record.query) ? `&${record.query}&` : ''
  const scope = parameterOf(query, '&scope=')?.split(' ')
  return {
    scope,
    nonce: parameterOf(query, '&nonce=') ?? null,
    requestedScope: record.scope ?? scope,
    requestedAudience: record.audience ?? [],
  }
}

/** The value of a parameter that a query between `&` has just once, and well encoded. */
function parameterOf(query: string, named: string): string | undefined {
  const at = query.indexOf(named)
  if (at < 0 || query.includes(named, at + 1)) return undefined
  const from = at + named.length
  try {
    return decodeURIComponent(query.slice(from, query.indexOf('&', from)).replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

/** What stands for the client's id in a stored query. No client id has a control character. */
const CLIENT = '&client_id=\u007f'

const withoutClient = (query: string, clientId: string): string => {
  const named = `&client_id=${clientId}&`
  const at = `&${query}&`.indexOf(named)
  return at < 0 ? query : `&${query}&`.replace(named, () => `${CLIENT}&`).slice(1, -1)
}

const withClient = (query: string, clientId: string): string =>
  `&${query}&`.replace(`${CLIENT}&`, () => `&client_id=${clientId}&`).slice(1, -1)
