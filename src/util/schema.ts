import * as v from 'valibot'
import type { Seconds } from './clock.ts'
import type { ClientId, GrantId, Sid } from './ids.ts'
import { parseRfc3339 } from './rfc3339.ts'
import { isName } from './text.ts'

/** A text for which a test holds. */
const textThat = (test: (text: string) => boolean) =>
  v.custom<string>((value) => typeof value === 'string' && test(value))

/** A text that matches a pattern. */
export const matching = (pattern: RegExp) => textThat((text) => pattern.test(text))

const isText = (value: unknown): boolean => typeof value === 'string'
const isNumber = (value: unknown): boolean => typeof value === 'number'

/** Ids and times that come back under our own seal or signature: they were checked before they went out. */
export const sid = v.custom<Sid>(isText)
export const grantId = v.custom<GrantId>(isText)
export const clientId = v.custom<ClientId>(isText)
export const time = v.custom<Seconds>(isNumber)

/** A name of 1 to 255 characters, as of a client or a key. */
export const name = textThat(isName)

/** An RFC 3339 instant. */
export const instant = textThat((text) => parseRfc3339(text) !== undefined)

/** What must not be there. */
export const absent = v.optional(v.custom<never>(() => false))
