import { type Result, type Router, UnsupportedPathError } from 'hono/router'

/** A route, and the names of its parameters in the order of its path. */
interface Route<T> {
  readonly order: number
  readonly method: string
  readonly names: readonly string[]
  readonly handler: T
}

/** A path up to one of its segments: which routes end here or take whatever comes below, and how it goes on. */
class Place<T> {
  readonly ends: Route<T>[] = []
  readonly below: Route<T>[] = []
  readonly named = new Map<string, Place<T>>()
  parameter: Place<T> | undefined
}

/** A route that matches, and the segments that are its parameters. */
type Found<T> = readonly [route: Route<T>, values: readonly string[]]

/** The method of a route that takes all. */
const ALL = 'ALL'

const NO_VALUES: readonly string[] = []
const NO_PARAMETERS: Record<string, string> = Object.freeze({})

/** The segments of a path. A slash at its end makes none. */
function segmentsOf(path: string): readonly string[] {
  const segments = path.split('/').slice(1)
  return segments.at(-1) === '' ? segments.slice(0, -1) : segments
}

/**
 * A router for Hono that walks a path once, segment by segment, however many routes there are. Patterns may have
 * parameters (`:id`), the last of them optional (`:id?`), and end in `/*`, which matches the path before it, too. A slash
 * at the end of a path is ignored. The tree is made for the first request.
 */
export class SegmentRouter<T> implements Router<T> {
  name = 'SegmentRouter'
  readonly #added: (readonly [path: string, method: string, handler: T])[] = []
  readonly #root = new Place<T>()
  #planted = 0

  add(method: string, path: string, handler: T): void {
    this.#added.push([path, method, handler])
  }

  match(method: string, path: string): Result<T> {
    while (this.#planted < this.#added.length) this.#plantNext()
    const found: Found<T>[] = []
    collect(this.#root, segmentsOf(path), 0, NO_VALUES, found)
    const taken = found.filter(([route]) => route.method === method || route.method === ALL)
    if (taken.length > 1) taken.sort(([one], [other]) => one.order - other.order)
    return [taken.map(([{ handler, names }, values]) => [handler, parametersOf(names, values)])]
  }

  #plantNext(): void {
    const order = this.#planted++
    const [pattern, method, handler] = this.#added[order] ?? []
    if (pattern === undefined || method === undefined || handler === undefined) return
    for (const path of spelledOut(pattern)) {
      const names: string[] = []
      let place = this.#root
      const takesAll = path.endsWith('*')
      for (const segment of segmentsOf(takesAll ? path.slice(0, -1) : path)) {
        if (/[*{?]/.test(segment)) throw new UnsupportedPathError(pattern)
        if (segment.startsWith(':')) names.push(segment.slice(1))
        place = segment.startsWith(':') ? parameterOf(place) : namedOf(place, segment)
      }
      const route = { order, method, names, handler }
      if (takesAll) place.below.push(route)
      else place.ends.push(route)
    }
  }
}

/** The patterns that one with optional parameters at its end stands for. */
const spelledOut = (pattern: string): readonly string[] =>
  pattern.endsWith('?')
    ? [...spelledOut(pattern.replace(/\/[^/]+$/, '')), pattern.replaceAll('?', '')]
    : [pattern]

function parameterOf<T>(place: Place<T>): Place<T> {
  place.parameter ??= new Place<T>()
  return place.parameter
}

function namedOf<T>(place: Place<T>, segment: string): Place<T> {
  const known = place.named.get(segment)
  if (known !== undefined) return known
  const next = new Place<T>()
  place.named.set(segment, next)
  return next
}

/** Adds what matches from a place on. It goes as deep as the tree, not as the path. */
function collect<T>(
  place: Place<T>,
  segments: readonly string[],
  depth: number,
  values: readonly string[],
  found: Found<T>[],
): void {
  for (const route of place.below) found.push([route, values])
  const segment = segments[depth]
  if (segment === undefined) {
    for (const route of place.ends) found.push([route, values])
    return
  }
  const named = place.named.get(segment)
  if (named !== undefined) collect(named, segments, depth + 1, values, found)
  if (place.parameter !== undefined && segment !== '')
    collect(place.parameter, segments, depth + 1, [...values, segment], found)
}

const parametersOf = (names: readonly string[], values: readonly string[]): Record<string, string> =>
  names.length === 0
    ? NO_PARAMETERS
    : Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']))
