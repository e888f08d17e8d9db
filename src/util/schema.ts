import * as v from 'valibot'
import { parseRfc3339 } from './rfc3339.ts'
import { isName } from './text.ts'

/** A text for which a test holds. */
const textThat = (test: (text: string) => boolean) =>
  v.custom<string>((value) => typeof value === 'string' && test(value))

/** A text that matches a pattern. */
export const matching = (pattern: RegExp) => textThat((text) => pattern.test(text))

/** A name of 1 to 255 characters, as of a client or a key. */
export const name = textThat(isName)

/** An RFC 3339 instant. */
export const instant = textThat((text) => parseRfc3339(text) !== undefined)

/** What must not be there. */
export const absent = v.optional(v.custom<never>(() => false))
