/** Something in a client's metadata that is taken, but that has no effect, never works or is weak. */
export interface Doubt {
  readonly field: string
  /** What is wrong, in words that follow the field's name. Holds no value of the field. */
  readonly problem: string
}

/** What requests of clients may be of at all: what discovery lists. */
export interface Supported {
  readonly grantTypes: readonly string[]
  readonly responseTypes: readonly string[]
}

/** A response type with its values in an order of their own, which has no meaning (RFC 6749 section 3.1.1). */
export const sortedType = (type: string): string => type.split(' ').filter(Boolean).toSorted().join(' ')
