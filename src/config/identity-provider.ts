import * as v from 'valibot'
import { isJsonObject } from '../util/json.ts'
import { matching } from '../util/schema.ts'
import { absoluteUrl, jsonOf, type Parser, textThat } from './parsers.ts'

/** The URL that requests over the binding name if the setting gives none. */
export const BOUND_URL = 'http://identity-provider'

/** Parses the base URL of the identity provider's admin API. */
export const identityProviderUrl = textThat(
  'an http or https URL without user name, query or fragment',
  (text) => absoluteUrl(text) !== undefined && !/[?#]/.test(text),
)

const shape = v.record(matching(/^[\w!#$%&'*+.^`|~-]+$/), matching(/^[\x20-\x7e]*$/))

/** Parses headers: JSON with a text for each name (contract section 4). The values may be secrets. */
export const requestHeaders: Parser<Readonly<Record<string, string>>> = {
  expected: 'a JSON object of headers such as {"Authorization":"Bearer …"}',
  parse: (text) => {
    const given = jsonOf(text)
    const parsed = isJsonObject(given) ? v.safeParse(shape, given) : undefined
    return parsed?.success === true ? parsed.output : undefined
  },
}

/** Whether the platform bound a service to a name. A variable of that name is no service. */
export const isBound = (binding: unknown): boolean => typeof binding === 'object' && binding !== null
