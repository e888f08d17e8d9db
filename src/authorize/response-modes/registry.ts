import { formPost } from './form-post.ts'
import { fragment } from './fragment.ts'
import type { ResponseMode } from './mode.ts'
import { query } from './query.ts'

/** Every response mode; a request that names none gets the first that fits (Multiple Response Types section 5). */
const MODES: readonly ResponseMode[] = [query, fragment, formPost]

/** The names that discovery lists. */
export const RESPONSE_MODES: readonly string[] = MODES.map(({ name }) => name)

/** The mode of a request, by the name that it gives, if it gives one; `undefined` for an unknown one. */
export const responseModeFor = (
  name: string | undefined,
  responseTypes: readonly string[],
): ResponseMode | undefined =>
  MODES.find((mode) => (name === undefined ? mode.fits(responseTypes) : mode.name === name))
