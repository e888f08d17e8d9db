import { customType } from 'drizzle-orm/sqlite-core'
import * as v from 'valibot'
import { OAuthError } from '../errors/oauth-error.ts'

/**
 * A column of JSON text whose content is checked when it is read. A row that does not fit is damage, and is never taken
 * for an absent one: reading it throws `server_error` (design invariant 5).
 */
export function jsonColumn<Schema extends v.GenericSchema>(name: string, schema: Schema) {
  return customType<{ data: v.InferOutput<Schema>; driverData: string }>({
    dataType: () => 'text',
    toDriver: (value) => JSON.stringify(value),
    fromDriver: (stored) => readStored(schema, stored, name),
  })(name)
}

/** Reads stored JSON that has to fit a schema. Throws `server_error` naming the place. */
function readStored<Schema extends v.GenericSchema>(
  schema: Schema,
  stored: string,
  place: string,
): v.InferOutput<Schema> {
  try {
    return v.parse(schema, JSON.parse(stored))
  } catch {
    throw new OAuthError('server_error', 'stored_unreadable', { place })
  }
}
