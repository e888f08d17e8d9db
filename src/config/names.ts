import { nearest } from '../util/nearest.ts'
import { HOOK_PARTS } from './hook.ts'
import { type Setting, settings } from './settings.ts'

type Group = { readonly [name: string]: Setting<unknown> | Group }

const namesIn = (group: Group): readonly string[] =>
  Object.values(group).flatMap((entry) => ('parser' in entry ? [String(entry.name)] : namesIn(entry)))

/** The name of every setting. */
export const SETTING_NAMES: ReadonlySet<string> = new Set([...namesIn(settings), ...HOOK_PARTS])

/**
 * Says which of the names of an environment are probably misspelt settings: they are none, and at most two letters away
 * from one. Other names are somebody else's, or Hydra's without a meaning here. Values are never told.
 */
export const misspeltNames = (names: readonly string[]): readonly string[] =>
  names.flatMap((name) => {
    const meant = SETTING_NAMES.has(name) ? undefined : nearest(name, SETTING_NAMES)
    return meant === undefined ? [] : [`${name} is no setting; is ${meant} meant?`]
  })
