import type { Env } from '../../src/env.ts'

/** One ledger that was asked for. */
export interface Reached {
  readonly name: string
}

/** An Env that notes which ledgers are asked for, in order. */
export function notingLedgers(real: Env): { readonly env: Env; readonly reached: Reached[] } {
  const reached: Reached[] = []
  const noting = new Proxy(real.LEDGER, {
    get(target, member) {
      if (member !== 'getByName') return Reflect.get(target, member, target)
      return (name: string) => {
        reached.push({ name })
        return target.getByName(name)
      }
    },
  })
  return { env: { ...real, LEDGER: noting }, reached }
}
