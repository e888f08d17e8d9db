import type { Env } from '../../src/env.ts'

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
