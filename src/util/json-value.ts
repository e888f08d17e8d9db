import * as v from 'valibot'
import { isJsonObject, type Json, type JsonObject } from './json.ts'

/** Any JSON value. What is checked comes out of a JSON parser, so only absence can be wrong. */
export const jsonValue = v.custom<Json>((value) => value !== undefined)

/** A JSON object. */
export const jsonObject = v.custom<JsonObject>(isJsonObject)
