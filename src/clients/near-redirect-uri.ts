/** At most so many registered URIs are compared: the work is done for whoever sends a wrong one. */
const MOST_COMPARED = 100

/** The registered redirect URI that was probably meant. */
export interface NearRedirectUri {
  readonly uri: string
  /** In what the requested one differs from it; the rest of a sentence about the requested one. */
  readonly difference: string
}

/**
 * Returns the registered redirect URI that is nearest to one that is not registered: they differ in one part, or in two
 * if host and path are not both among them. `undefined` if none is near. Registered URIs are not for strangers to read:
 * the log, a loopback issuer's page and operators get the result.
 */
export function nearestRedirectUri(
  registered: readonly string[] | null,
  requested: string,
): NearRedirectUri | undefined {
  const asked = URL.parse(requested)
  if (asked === null) return undefined
  let best: { readonly uri: string; readonly differences: readonly Difference[] } | undefined
  for (const uri of (registered ?? []).slice(0, MOST_COMPARED)) {
    const known = URL.parse(uri)
    if (known === null) continue
    const differences = PARTS.flatMap((part) => part(asked, known) ?? [])
    if (isNear(differences) && differences.length < (best?.differences.length ?? PARTS.length))
      best = { uri, differences }
  }
  if (best === undefined) return undefined
  const told = best.differences.map(({ text }) => text)
  return { uri: best.uri, difference: told.join(' and ') || 'is the same written in another way' }
}

interface Difference {
  readonly part: 'scheme' | 'host' | 'port' | 'path' | 'query'
  readonly text: string
}

type Part = (asked: URL, known: URL) => Difference | undefined

const PARTS: readonly Part[] = [
  ({ protocol: asked }, { protocol: known }) =>
    asked === known
      ? undefined
      : { part: 'scheme', text: `has scheme ${asked.slice(0, -1)}, not ${known.slice(0, -1)}` },
  ({ hostname: asked }, { hostname: known }) =>
    asked === known ? undefined : { part: 'host', text: `has host ${asked}, not ${known}` },
  ({ port: asked }, { port: known }) =>
    asked === known
      ? undefined
      : { part: 'port', text: `has ${asked ? `port ${asked}` : 'no port'}, not ${known || 'one'}` },
  ({ pathname: asked }, { pathname: known }) =>
    asked === known ? undefined : { part: 'path', text: pathDifference(asked, known) },
  ({ search: asked }, { search: known }) =>
    asked === known ? undefined : { part: 'query', text: `has ${queryDifference(asked, known)} query` },
]

function isNear(differences: readonly Difference[]): boolean {
  const parts = differences.map(({ part }) => part)
  return parts.length <= 2 && !(parts.includes('host') && parts.includes('path'))
}

function pathDifference(asked: string, known: string): string {
  if (asked === `${known}/`) return "has an extra '/' at the end"
  if (`${asked}/` === known) return "lacks the '/' at the end"
  if (asked.toLowerCase() === known.toLowerCase()) return 'differs in upper and lower case'
  return `has path ${asked}, not ${known}`
}

function queryDifference(asked: string, known: string): string {
  if (known === '') return 'a'
  return asked === '' ? 'no' : 'another'
}
