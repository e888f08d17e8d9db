import { type Setting, settings } from '../../src/config/settings.ts'

/** Every setting, those in groups too. */
export const allSettings: readonly Setting<unknown>[] = Object.values(settings).flatMap((entry) =>
  'parser' in entry ? [entry] : Object.values<Setting<unknown>>(entry),
)
