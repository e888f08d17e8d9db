import { readFormEntries } from '../../http/form.ts'
import type { PlainSource } from './source.ts'

/** Reads parameters from the body of a POST (RFC 6749 section 3.1). */
export const form: PlainSource = {
  applies: (c) => c.req.method === 'POST',
  read: (c) => readFormEntries(c.var.body),
}
