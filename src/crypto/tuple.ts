import * as v from 'valibot'
import { OAuthError } from '../errors/oauth-error.ts'

/**
 * Defines content that is sealed as a tuple to keep it short.
 *
 * @param members - the schemas by name, in the order of the tuple. Nulls at the end of the tuple are left out. A new
 *   member comes at the end and must have a default; readers ignore further members.
 */
export function tuple<const Members extends v.ObjectEntries>(members: Members) {
  const names = Object.keys(members)
  const schema = v.object(members)
  return {
    /** Returns the tuple of a record. Other members of the record are left out. */
    write: (record: Readonly<Record<keyof Members, unknown>>): readonly unknown[] => {
      const items = names.map((name): unknown => Reflect.get(record, name))
      return items.slice(0, 1 + items.findLastIndex((item) => item !== null))
    },

    /** Returns the record of a tuple. Throws `server_error` for a tuple of another form: this server sealed it. */
    read: (data: unknown): v.InferOutput<typeof schema> => {
      const items: readonly unknown[] = Array.isArray(data) ? data.slice(0, names.length) : []
      const parsed = v.safeParse(schema, Object.fromEntries(items.map((item, at) => [names[at], item])))
      if (!parsed.success) throw new OAuthError('server_error', 'unexpected')
      return parsed.output
    },
  }
}
