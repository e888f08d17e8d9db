import { customType } from 'drizzle-orm/sqlite-core'
import * as v from 'valibot'
import { readStored } from '../errors/stored-json.ts'

/**
 * A column of JSON text whose content is checked when it is read. A row that does not fit is damage, and is never taken
 * for an absent one: reading it throws `server_error` (design invariant 5).
 */
export function jsonColumn<Schema extends v.GenericSchema>(name: string, schema: Schema) {
  return customType<{ data: v.InferOutput<Schema>; driverData: string }>({
    dataType: () => 'text',
    toDriver: (value) => JSON.stringify(value),
    fromDriver: (stored) => readStored(stored, name, (value) => v.parse(schema, value)),
  })(name)
}
