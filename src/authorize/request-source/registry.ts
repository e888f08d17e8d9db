import { form } from './form.ts'
import { object } from './object.ts'
import { query } from './query.ts'
import { reference } from './reference.ts'
import type { CarriedSource, PlainSource } from './source.ts'

/** The parts of an HTTP request that hold parameters, in the order in which they are joined. */
export const PLAIN: readonly PlainSource[] = [query, form]

/** The ways to carry a request in a parameter; the first that takes the value opens it. */
export const CARRIED: readonly CarriedSource[] = [object, reference]
