import type { ClientRecord } from '../store/types.ts'
import { nowSeconds, type Seconds, seconds } from '../util/clock.ts'
import { isJsonObject, type Json } from '../util/json.ts'
import { parseRfc3339 } from '../util/rfc3339.ts'

/**
 * Reads when a client was created and last changed in the server that it comes from, in seconds. Leaves out what is no
 * RFC 3339 time between 1970, or its creation, and now: SDKs send year 1 where they know none.
 */
export function importedTimes(body: unknown): Partial<Pick<ClientRecord, 'createdAt' | 'updatedAt'>> {
  const { created_at, updated_at }: Readonly<Record<string, Json>> = isJsonObject(body) ? body : {}
  const createdAt = timeFrom(0, created_at)
  if (createdAt === undefined) return {}
  const updatedAt = timeFrom(createdAt, updated_at)
  return { createdAt, ...(updatedAt !== undefined && { updatedAt }) }
}

function timeFrom(earliest: number, text: Json | undefined): Seconds | undefined {
  const time = typeof text === 'string' ? parseRfc3339(text) : undefined
  return time !== undefined && time >= earliest && time <= nowSeconds() ? seconds(time) : undefined
}
