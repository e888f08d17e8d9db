declare const brand: unique symbol

/**
 * A text or number of one meaning, which only the compiler tells apart from others: it is made by a named function, or
 * by a check of what came in.
 */
export type Brand<Base extends string | number, Meaning extends string> = Base & {
  readonly [brand]: Meaning
}
