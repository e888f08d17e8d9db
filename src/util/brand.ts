declare const brand: unique symbol

/**
 * A text or number with a meaning that only the compiler knows. It is made by a function named after it, or by a schema
 * or guard.
 */
export type Brand<Base extends string | number, Meaning extends string> = Base & {
  readonly [brand]: Meaning
}
