import { OAuthError } from '../errors/oauth-error.ts'
import { isStored } from './secrets-store.ts'
import type { Setting } from './settings.ts'

interface Group {
  readonly [name: string]: Setting<unknown> | Group
}

/** The values of a group of settings and of the groups in it. */
export type Values<G> = {
  readonly [K in keyof G]: G[K] extends Setting<infer T> ? T : Values<G[K]>
}

/** Reads settings from an environment and collects their problems, without repeating any value. */
export class SettingsReader {
  readonly #env: Readonly<Record<string, unknown>>
  readonly #problems = new Map<string, string>()

  constructor(env: Readonly<Record<string, unknown>>) {
    this.#env = env
  }

  /** Returns the values of a group of settings. A bad value is recorded as a problem and replaced by the default. */
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
    const given = this.#env[setting.name]
    const text = textOf(given)
    if (isStored(given)) this.refuse(setting, 'cannot be read from the Secrets Store')
    if (text !== '') {
      const value = text === undefined ? undefined : setting.parser.parse(text)
      if (value !== undefined) return value
      this.bad(setting)
    }
    return setting.parser.parse(setting.preset)
  }

  /** Records that the value of a setting is bad. */
  bad(setting: Setting<unknown>): void {
    this.refuse(setting, `must be ${setting.parser.expected}`)
  }

  /** Records that a required setting has no value. */
  missing(setting: Setting<unknown>): void {
    this.refuse(setting, `is missing: set it to ${setting.parser.expected}`)
  }

  /** Records a problem of a setting. Later problems of the same setting are ignored. */
  refuse(setting: Setting<unknown>, problem: string): void {
    if (!this.#problems.has(setting.name)) this.#problems.set(setting.name, `${setting.name} ${problem}.`)
  }

  /** Throws `misconfiguration` if problems were recorded, with all of them. */
  finish(): void {
    const problems = [...this.#problems.values()]
    if (problems.length > 0) throw new OAuthError('misconfiguration', 'setting_unusable', { problems })
  }
}

const isSetting = (entry: Setting<unknown> | Group): entry is Setting<unknown> => 'parser' in entry

// Deployment tools pass numbers, booleans and arrays as JSON values. No other type is accepted.
function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return ''
  if (typeof value === 'string') return value.trim()
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return Array.isArray(value) ? JSON.stringify(value) : undefined
}
