import { readEntries, toQuery } from '../http/form.ts'

/** Parameters that hold what was for this server alone: a token, and an object that was replaced with its members. */
const HIDDEN: readonly string[] = ['id_token_hint', 'request']

/**
 * Returns the query of an authorization request as it is kept with a grant and shown to apps and admins: without hint
 * and object, which are of no use to anybody once they were read. Anything else keeps its spelling.
 */
export function shownQuery(query: string): string {
  const entries = readEntries(query)
  const shown = entries.filter(([name]) => !HIDDEN.includes(name))
  return shown.length === entries.length ? query : toQuery(shown)
}
