import { milliseconds } from '../util/clock.ts'
import { SharedLoad } from '../util/shared-load.ts'
import { withTimeout } from '../util/with-timeout.ts'
import { SETTING_NAMES } from './names.ts'

/** How long the store may take to give a value, ms; less than those wait who ask at the same time (util/shared-load.ts). */
const DEADLINE_MS = 2500

/** How long a failure is remembered, ms. */
const TRY_AGAIN_MS = milliseconds(1000)

/** A setting whose value is in the account's Secrets Store. */
interface StoredSecret {
  get(): Promise<string>
}

type Bindings = Readonly<Record<string, unknown>>

const settled = new WeakMap<Bindings, Bindings>()
const loads = new WeakMap<Bindings, SharedLoad<Bindings>>()

/** Whether a value is a binding of the Secrets Store, where a setting is expected. */
export const isStored = (value: unknown): value is StoredSecret =>
  ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
  typeof Reflect.get(value, 'get') === 'function'

/**
 * Returns the bindings with the values of those settings that are in the account's Secrets Store, which are read once
 * per isolate; without any the bindings themselves, at once. What cannot be read stays a binding, which the settings'
 * reader refuses, and is read again after a second.
 */
export function withStoredSettings<E extends Bindings>(env: E): E | Promise<E>
export function withStoredSettings(env: Bindings): Bindings | Promise<Bindings> {
  const known = settled.get(env)
  if (known !== undefined) return known
  const stored = Object.entries(env).filter(([name, value]) => SETTING_NAMES.has(name) && isStored(value))
  if (stored.length === 0) {
    settled.set(env, env)
    return env
  }
  const load = loads.get(env) ?? new SharedLoad(TRY_AGAIN_MS)
  loads.set(env, load)
  return load.run(() => read(env, stored))
}

async function read(env: Bindings, stored: readonly (readonly [string, unknown])[]): Promise<Bindings> {
  const values = await Promise.all(
    stored.map(async ([name, value]) => {
      const text = isStored(value)
        ? await withTimeout(value.get(), DEADLINE_MS).catch(() => undefined)
        : undefined
      return [name, text ?? value] as const
    }),
  )
  const whole = { ...env, ...Object.fromEntries(values) }
  if (values.every(([, value]) => typeof value === 'string')) settled.set(env, whole)
  return whole
}
