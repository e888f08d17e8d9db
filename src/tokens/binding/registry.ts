import type { Binding } from './binding.ts'
import { none } from './none.ts'

/** The ways to bind tokens. A request without any proof gets bearer tokens. */
export const BINDINGS: readonly Binding[] = [none]
