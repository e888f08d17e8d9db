import { usage } from './failure.ts'
import { plain } from './plain.ts'

/**
 * Returns an id as a segment of a path. Throws CliFailure for those that no path can have: of `.` and `..` a URL makes
 * another path (WHATWG URL, "double-dot URL path segment"), and without an id the call would be about all of them.
 */
export function segment(id: string): string {
  if (id === '') throw usage('An id is empty.')
  if (id === '.' || id === '..') throw usage(`Nothing can be called "${plain(id)}" in a path.`)
  return encodeURIComponent(id)
}
