import * as v from 'valibot'
import type { Json, JsonObject } from '../ledger/types.ts'

/** Any JSON value. What is checked comes out of a JSON parser, so only absence can be wrong. */
export const jsonValue = v.custom<Json>((value) => value !== undefined)

/** A JSON object. */
export const jsonObject = v.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
)
