import * as v from 'valibot'
import type { Seconds } from './clock.ts'
import type { ClientId, GrantId, Sid } from './ids.ts'
import { parseRfc3339 } from './rfc3339.ts'
import { isName } from './text.ts'

/** Returns a schema of texts that pass a test. */
const textThat = (test: (text: string) => boolean) =>
  v.custom<string>((value) => typeof value === 'string' && test(value))

/** Returns a schema of texts that match a pattern. */
export const matching = (pattern: RegExp) => textThat((text) => pattern.test(text))

const isText = (value: unknown): boolean => typeof value === 'string'
const isNumber = (value: unknown): boolean => typeof value === 'number'

/** The schemas of ids and times in what this server sealed or signed, which were checked before. */
export const sid = v.custom<Sid>(isText)
export const grantId = v.custom<GrantId>(isText)
export const clientId = v.custom<ClientId>(isText)
export const time = v.custom<Seconds>(isNumber)

/** The schema of a name of 1 to 255 characters, for example of a client or a key. */
export const name = textThat(isName)

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
export const instant = textThat((text) => parseRfc3339(text) !== undefined)

/** The schema of a member that must be absent. */
export const absent = v.optional(v.custom<never>(() => false))
