import { formPost } from './form-post.ts'
import { fragment } from './fragment.ts'
import type { ResponseMode } from './mode.ts'
import { query } from './query.ts'

/** Every response mode; a request that names none gets the first one that fits (Multiple Response Types section 5). */
const MODES: readonly ResponseMode[] = [query, fragment, formPost]

/** The names that discovery lists. */
export const RESPONSE_MODES: readonly string[] = MODES.map(({ name }) => name)

/** The mode that a request names, or its default if it names none; `undefined` for an unknown name. */
export const responseModeFor = (
  name: string | undefined,
  responseTypes: readonly string[],
): ResponseMode | undefined =>
  MODES.find((mode) => (name === undefined ? mode.fits(responseTypes) : mode.name === name))
