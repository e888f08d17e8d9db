import { malformedBody } from '../errors/refusals.ts'
import type { Parameters } from '../http/form.ts'

/**
 * Returns a filter of a list; null if it is absent. Throws `malformed_body` for an empty one: who forgot its value did not
 * ask for everybody.
 */
export function readFilter(query: Parameters, parameter: string): string | null {
  const value = query.get(parameter)
  if (value !== undefined) return value
  if (!query.has(parameter)) return null
  throw malformedBody('parameter_malformed', { parameter, expected: 'absent or not empty' })
}
