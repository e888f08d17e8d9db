import { OAuthError } from '../errors/oauth-error.ts'
import type { Setting } from './settings.ts'

/** What a group of settings holds once it is read. */
export type Values<G extends Readonly<Record<string, Setting<unknown>>>> = {
  readonly [K in keyof G]: G[K] extends Setting<infer T> ? T : never
}

/** Reads settings out of an environment and collects what is wrong with them, without ever repeating a value. */
export class SettingsReader {
  readonly #env: Readonly<Record<string, unknown>>
  readonly #problems = new Map<string, string>()

  constructor(env: Readonly<Record<string, unknown>>) {
    this.#env = env
  }

  /** The setting's value, or its preset's when it is unset or bad; the latter is noted. */
  read<T>(setting: Setting<T>): T {
    const text = textOf(this.#env[setting.name])
    if (text !== '') {
      const value = text === undefined ? undefined : setting.parser.parse(text)
      if (value !== undefined) return value
      this.refuse(setting, `must be ${setting.parser.expected}`)
    }
    const preset = setting.parser.parse(setting.preset)
    if (preset === undefined) throw new OAuthError('server_error')
    return preset
  }

  /** The values of a group of settings, by their keys in it. */
  readAll<G extends Readonly<Record<string, Setting<unknown>>>>(group: G): Values<G>
  readAll(group: Readonly<Record<string, Setting<unknown>>>): Readonly<Record<string, unknown>> {
    return Object.fromEntries(Object.entries(group).map(([key, setting]) => [key, this.read(setting)]))
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
    if (problems.length > 0) throw new OAuthError('misconfiguration', problems.join(' '))
  }
}

// Deployment tools pass numbers, booleans and arrays as JSON values; anything else is no setting.
function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return ''
  if (typeof value === 'string') return value.trim()
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return Array.isArray(value) ? JSON.stringify(value) : undefined
}
