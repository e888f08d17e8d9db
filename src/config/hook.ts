import * as v from 'valibot'
import { matching } from '../util/schema.ts'
import { absoluteUrl, jsonOf, type Parser } from './parsers.ts'
import type { TokenHook } from './types.ts'

const shape = v.object({
  url: v.string(),
  auth: v.nullish(
    v.object({
      type: v.picklist(['api_key']),
      config: v.object({
        in: v.picklist(['header', 'cookie']),
        name: matching(/^[\w!#$%&'*+.^`|~-]+$/),
        value: matching(/^[\x20-\x3a\x3c-\x7e]*$/),
      }),
    }),
  ),
})

/** Parses a token hook: a URL, or JSON with a URL and an API key (contract 1.5). */
export const hook: Parser<TokenHook> = {
  expected:
    'an http or https URL, or JSON such as {"url":"…","auth":{"type":"api_key","config":{"in":"header","name":"…","value":"…"}}}',
  parse: (setting) => {
    const parsed = v.safeParse(shape, setting.startsWith('{') ? jsonOf(setting) : { url: setting })
    if (!parsed.success) return undefined
    const { url, auth } = parsed.output
    return absoluteUrl(url) === undefined ? undefined : { url, auth: auth?.config ?? null }
  },
}
