import { OAuthError } from '../errors/oauth-error.ts'
import type { Setting } from './settings.ts'

interface Group {
  readonly [name: string]: Setting<unknown> | Group
}

/** What a group of settings holds once it is read, groups in it too. */
export type Values<G> = {
  readonly [K in keyof G]: G[K] extends Setting<infer T> ? T : Values<G[K]>
}

/** Reads settings out of an environment and collects what is wrong with them, without ever repeating a value. */
export class SettingsReader {
  readonly #env: Readonly<Record<string, unknown>>
  readonly #problems = new Map<string, string>()

  constructor(env: Readonly<Record<string, unknown>>) {
    this.#env = env
  }

  /** The values of settings, by their keys; where one is bad, its preset's, and that is noted. */
  read<G extends Group>(group: G): Values<G>
  read(group: Group): Readonly<Record<string, unknown>> {
    return Object.fromEntries(
      Object.entries(group).map(([key, entry]) => [
        key,
        isSetting(entry) ? this.#value(entry) : this.read(entry),
      ]),
    )
  }

  #value(setting: Setting<unknown>): unknown {
    const text = textOf(this.#env[setting.name])
    if (text !== '') {
      const value = text === undefined ? undefined : setting.parser.parse(text)
      if (value !== undefined) return value
      this.bad(setting)
    }
    return setting.parser.parse(setting.preset)
  }

  /** Notes that a setting has a value it cannot have. */
  bad(setting: Setting<unknown>): void {
    this.refuse(setting, `must be ${setting.parser.expected}`)
  }

  /** Notes that a required setting has no value, unless its bad value was noted already. */
  missing(setting: Setting<unknown>): void {
    this.refuse(setting, `is missing: set it to ${setting.parser.expected}`)
  }

  /** Notes a problem of a setting; the first one counts. */
  refuse(setting: Setting<unknown>, problem: string): void {
    if (!this.#problems.has(setting.name)) this.#problems.set(setting.name, `${setting.name} ${problem}.`)
  }

  /** Throws `misconfiguration` with everything that was noted. */
  finish(): void {
    const problems = [...this.#problems.values()]
    if (problems.length > 0) throw new OAuthError('misconfiguration', 'setting_unusable', { problems })
  }
}

const isSetting = (entry: Setting<unknown> | Group): entry is Setting<unknown> => 'parser' in entry

// Deployment tools pass numbers, booleans and arrays as JSON values; anything else is no setting.
function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return ''
  if (typeof value === 'string') return value.trim()
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return Array.isArray(value) ? JSON.stringify(value) : undefined
}
