import * as v from 'valibot'
import { isJsonObject, type Json, type JsonObject } from './json.ts'

/** The schema of any JSON value. Its input comes from a JSON parser, so only an absent value fails. */
export const jsonValue = v.custom<Json>((value) => value !== undefined)

/** The schema of a JSON object. */
export const jsonObject = v.custom<JsonObject>(isJsonObject, 'a JSON object')
