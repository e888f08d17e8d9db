/** Tells whether a value is of a type. */
export type Guard<T> = (value: unknown) => value is T

export const isText: Guard<string> = (value) => typeof value === 'string'
export const isNumber: Guard<number> = (value) => typeof value === 'number'
export const isBoolean: Guard<boolean> = (value) => typeof value === 'boolean'

/** A value that may be null. */
export const orNull =
  <T>(is: Guard<T>): Guard<T | null> =>
  (value): value is T | null =>
    value === null || is(value)

/** A member that may be absent. */
export const orAbsent =
  <T>(is: Guard<T>): Guard<T | undefined> =>
  (value): value is T | undefined =>
    value === undefined || is(value)

/** A list. */
export const listOf =
  <T>(is: Guard<T>): Guard<readonly T[]> =>
  (value): value is readonly T[] =>
    Array.isArray(value) && value.every(is)

/**
 * An object with these members; others are let through. A tenth of the time that a schema takes: for what is read with
 * every request, and was written by this program.
 */
export function objectOf<T extends object>(
  members: { readonly [Key in keyof T]-?: Guard<T[Key]> },
): Guard<T> {
  const checks = Object.entries<Guard<unknown>>(members)
  return (value): value is T =>
    typeof value === 'object' &&
    value !== null &&
    checks.every(([name, is]) => is(Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined))
}
