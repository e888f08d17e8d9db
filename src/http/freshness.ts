import { nowMs } from '../util/clock.ts'

/**
 * How long an answer may be used again without asking, seconds, as its headers say (RFC 9111 sections 4.2 and 5.2): 0 if
 * it may not be kept, `undefined` if they say nothing. This is no shared cache, so `private` and `s-maxage` change
 * nothing.
 */
export function freshSeconds(headers: Headers): number | undefined {
  if (headers.get('vary')?.includes('*')) return 0
  const directives = directivesOf(headers.get('cache-control') ?? '')
  if (directives.has('no-store') || directives.has('no-cache')) return 0
  const lifetime = directives.has('max-age') ? wholeNumber(directives.get('max-age')) : untilExpires(headers)
  if (lifetime === undefined) return undefined
  return Math.max(0, lifetime - wholeNumber(headers.get('age') ?? ''))
}

/** The directives of `Cache-Control` by name, the first of each. */
function directivesOf(text: string): ReadonlyMap<string, string> {
  const pairs = text.split(',').map((directive) => {
    const [name = '', value = ''] = directive.trim().split('=', 2)
    return [name.toLowerCase(), value.replace(/^"(.*)"$/, '$1')] as const
  })
  return new Map(pairs.reverse())
}

/** What is malformed is 0: stale (RFC 9111 section 4.2.1). */
const wholeNumber = (text = ''): number => (/^\d{1,15}$/.test(text) ? Number(text) : 0)

function untilExpires(headers: Headers): number | undefined {
  const expires = headers.get('expires')
  if (expires === null) return undefined
  const sent = Date.parse(headers.get('date') ?? '')
  const lifetime = Date.parse(expires) - (Number.isNaN(sent) ? nowMs() : sent)
  return Number.isNaN(lifetime) ? 0 : lifetime / 1000
}
