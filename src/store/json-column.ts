import { customType } from 'drizzle-orm/sqlite-core'
import * as v from 'valibot'
import { readStored } from '../errors/stored-json.ts'

/**
 * Defines a column of JSON text that is checked when it is read. Content that does not fit the schema is damage and
 * never counts as an absent row: reading it throws `server_error` (design invariant 5).
 */
export function jsonColumn<Schema extends v.GenericSchema>(name: string, schema: Schema) {
  return customType<{ data: v.InferOutput<Schema>; driverData: string }>({
    dataType: () => 'text',
    toDriver: (value) => JSON.stringify(value),
    fromDriver: (stored) => readStored(stored, name, (value) => v.parse(schema, value)),
  })(name)
}
