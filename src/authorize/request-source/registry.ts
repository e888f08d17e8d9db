import { form } from './form.ts'
import { object } from './object.ts'
import { query } from './query.ts'
import { reference } from './reference.ts'
import type { CarriedSource, PlainSource } from './source.ts'

/** Where parameters come in, in the order in which they are joined. */
export const PLAIN: readonly PlainSource[] = [query, form]

/** What carries a request in one of them; the first that takes the value opens it. */
export const CARRIED: readonly CarriedSource[] = [object, reference]
