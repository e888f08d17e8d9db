import * as v from 'valibot'
import { OAuthError } from '../errors/oauth-error.ts'

/**
 * What is sealed as a tuple to keep it short: its members by name, in their order there, without nulls at the end. New
 * ones come only at the end, and must have a default; readers ignore what they do not know.
 */
export function tuple<const Members extends v.ObjectEntries>(members: Members) {
  const names = Object.keys(members)
  const schema = v.object(members)
  return {
    /** The tuple of a record; further members of the record are left out. */
    write: (record: Readonly<Record<keyof Members, unknown>>): readonly unknown[] => {
      const items = names.map((name): unknown => Reflect.get(record, name))
      return items.slice(0, 1 + items.findLastIndex((item) => item !== null))
    },

    /** The record of a tuple. Throws `server_error` for one that does not fit: we sealed it, so that is our fault. */
    read: (data: unknown): v.InferOutput<typeof schema> => {
      const items: readonly unknown[] = Array.isArray(data) ? data.slice(0, names.length) : []
      const parsed = v.safeParse(schema, Object.fromEntries(items.map((item, at) => [names[at], item])))
      if (!parsed.success) throw new OAuthError('server_error', 'unexpected')
      return parsed.output
    },
  }
}
