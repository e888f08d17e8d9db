/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject

/** A JSON object. */
export interface JsonObject {
  readonly [name: string]: Json
}

/** Parses JSON in UTF-8, with or without a byte order mark. Throws for anything else. */
export const parseJson = (bytes: Uint8Array): unknown => JSON.parse(decodeJson(bytes))

/**
 * Parses JSON that another part of this program has just made to send it. What was stored is checked when it is read
 * (`errors/stored-json.ts`).
 */
export const parseSent = (text: string): unknown => JSON.parse(text)

/** Decodes JSON text in UTF-8, with or without a byte order mark. Throws for other bytes. */
export const decodeJson = (bytes: Uint8Array): string => decoder.decode(bytes)

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })

/** Whether a parsed JSON value is an object (not null, not an array). */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Returns the members of an object whose names pass a test. */
export function pick(object: JsonObject, test: (name: string) => boolean): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => test(name)))
}

/** Whether a JSON value nests objects and arrays at most `limit` levels deep, so that recursive code may process it. */
export function isShallow(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (limit === 0) return false
  return Object.values(value).every((member: unknown) => isShallow(member, limit - 1))
}

/** Returns a value as JSON whose objects have their members in the order of their names. */
export const stableText = (value: unknown): string =>
  JSON.stringify(value, (_name, member: unknown) =>
    isJsonObject(member)
      ? Object.fromEntries(Object.entries(member).sort(([left], [right]) => (left < right ? -1 : 1)))
      : member,
  )
