import { MAX_REQUEST, queryOf, readEntries } from '../../http/form.ts'
import type { PlainSource } from './source.ts'

/** Reads parameters from the query of the URL (RFC 6749 section 3.1). */
export const query: PlainSource = {
  applies: () => true,
  read: async (c) => readEntries(queryOf(c.req.url, MAX_REQUEST)),
}
