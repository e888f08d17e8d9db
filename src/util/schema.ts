import * as v from 'valibot'
import type { Seconds } from './clock.ts'
import type { ClientId, GrantId, Sid } from './ids.ts'
import { parseRfc3339 } from './rfc3339.ts'
import { isName } from './text.ts'

/** Returns a schema of texts that pass a test. */
const textThat = (test: (text: string) => boolean, expected = 'a string') =>
  v.custom<string>((value) => typeof value === 'string' && test(value), expected)

/** Returns a schema of texts that match a pattern. */
export const matching = (pattern: RegExp) => textThat((text) => pattern.test(text))

/** The schemas of JSON from outside. The message of each says what must be there. */
export const string = v.string('a string')
export const flag = v.boolean('true or false')

/** Returns the schema of a whole number. */
export const wholeNumber = (expected: string) => v.pipe(v.number(expected), v.integer(expected))

/** What a value of JSON is, as an error names it. */
function kindOf(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/**
 * Says what a schema whose messages say what must be there found wrong: in which field of the body, empty for the body
 * itself, and what must be there in place of what came.
 */
export function wanted(issue: v.BaseIssue<unknown>): { readonly field: string; readonly expected: string } {
  const keys = issue.path?.map(({ key }) => key) ?? []
  const inList = keys.findIndex((key) => typeof key === 'number')
  const field = keys.slice(0, inList === -1 ? keys.length : inList).join('.')
  return { field, expected: issue.message + inPlaceOf(issue, inList !== -1) }
}

/** Only a value of another type is named: of a right one that breaks a rule the type says nothing. */
function inPlaceOf({ kind, type, input, message }: v.BaseIssue<unknown>, isInList: boolean): string {
  const came = kindOf(input)
  if (kind !== 'schema' || input === undefined || message.startsWith(came)) return ''
  // A word that is none of a list, and a name that no member has.
  if (typeof input === 'string' && (type === 'picklist' || type === 'strict_object')) return ''
  return isInList ? `, and holds ${came}` : `, not ${came}`
}

const isText = (value: unknown): boolean => typeof value === 'string'
const isNumber = (value: unknown): boolean => typeof value === 'number'

/** The schemas of ids and times in what this server sealed or signed, which were checked before. */
export const sid = v.custom<Sid>(isText)
export const grantId = v.custom<GrantId>(isText)
export const clientId = v.custom<ClientId>(isText)
export const time = v.custom<Seconds>(isNumber)

/** The schema of a name of 1 to 255 characters, for example of a client or a key. */
export const name = textThat(isName, 'a string of 1 to 255 characters, none of them a control character')

/**
 * Returns the schema of a list of texts in JSON from outside. A null or empty member says nothing and is left out.
 * @param expected what the list must be, for the message of an error.
 */
export const textList = (expected = 'an array of strings') =>
  v.pipe(
    v.array(v.nullable(v.string(expected)), expected),
    v.transform((members) => members.flatMap((member) => member || [])),
  )

/** The schema of an RFC 3339 time. */
export const instant = textThat(
  (text) => parseRfc3339(text) !== undefined,
  'a string that is an RFC 3339 time',
)

/** The schema of a member that must be absent. */
export const absent = v.optional(v.custom<never>(() => false))
