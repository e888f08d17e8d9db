import type { Env } from '../../src/env.ts'
import { type Around, aroundD1, aroundMethods } from './bindings.ts'

/** Switches that make storage silent, and how often each was asked. */
export interface Hanging {
  readonly env: Env
  d1: boolean
  kv: boolean
  readonly calls: { d1: number; kv: number }
  /** Lets the calls that hang fail. */
  release(): void
}

/** An Env whose D1 and KV answer no call that is made while the switch says so. */
export function withHanging(real: Env): Hanging {
  const released = Promise.withResolvers<never>()
  released.promise.catch(() => undefined)
  const hanging = {
    d1: false,
    kv: false,
    calls: { d1: 0, kv: 0 },
    release: () => released.reject(new Error('released')),
  }
  const around =
    (kind: 'd1' | 'kv'): Around =>
    (_method, call) => {
      hanging.calls[kind] += 1
      return hanging[kind] ? released.promise : call()
    }
  const env: Env = {
    ...real,
    DB: aroundD1(real.DB, around('d1')),
    COPIES: aroundMethods(real.COPIES, around('kv')),
  }
  return Object.assign(hanging, { env })
}

/** A switch that takes storage away. */
export interface Outage {
  readonly env: Env
  down: boolean
}

/** An Env whose D1 and KV fail every call while the switch says so. */
export function withOutage(real: Env): Outage {
  const outage = { down: false }
  const guard = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(_target, name) {
        const member: unknown = Reflect.get(target, name, target)
        if (typeof member !== 'function') return member
        return (...args: readonly unknown[]) => {
          // Statements are made here and run elsewhere: only running them can fail.
          if (name === 'prepare' || name === 'bind') return guard(Reflect.apply(member, target, args))
          return outage.down
            ? Promise.reject(new Error('storage is down'))
            : Reflect.apply(member, target, args)
        }
      },
    })
  const env: Env = { ...real, DB: guard(real.DB), COPIES: guard(real.COPIES) }
  return Object.assign(outage, { env })
}
