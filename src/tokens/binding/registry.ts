import type { Binding } from './binding.ts'
import { none } from './none.ts'

/** The ways to bind tokens. A request that proves none of the others is answered with bearer tokens. */
export const BINDINGS: readonly Binding[] = [none]
