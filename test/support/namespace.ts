import type { Env } from '../../src/env.ts'

/** One ledger that was asked for. */
export interface Reached {
  readonly name: string
  /** The jurisdiction of the namespace that it was asked of. */
  readonly jurisdiction: string
  /** The region in which it was to be made. */
  readonly location: string | undefined
}

type Namespace = Env['LEDGER']

/**
 * An Env that notes which ledgers are asked for, in order, and whose ledgers may be in a jurisdiction, which those of
 * the local runtime may not (docs/unproven.md). As on the platform, the same name in two jurisdictions means two ledgers:
 * here because the names of ledgers tell their jurisdiction, to which they are held.
 */
export function notingLedgers(real: Env): { readonly env: Env; readonly reached: Reached[] } {
  const reached: Reached[] = []
  const within = (jurisdiction: string): Namespace =>
    new Proxy(real.LEDGER, {
      get(target, member) {
        if (member === 'jurisdiction') return within
        if (member !== 'getByName') return Reflect.get(target, member, target)
        return (name: string, options?: DurableObjectNamespaceGetDurableObjectOptions) => {
          if (name.startsWith('2') ? name[1] !== jurisdiction[0] : jurisdiction !== 'none')
            throw new Error(`${name} is not in ${jurisdiction}`)
          reached.push({ name, jurisdiction, location: options?.locationHint })
          return target.getByName(name)
        }
      },
    })
  return { env: { ...real, LEDGER: within('none') }, reached }
}

/** A switch that takes ledgers away. */
export interface DownLedgers {
  readonly env: Env
  /** Which ledgers fail every call, by their names. */
  isDown: (name: string) => boolean
}

/** An Env some of whose ledgers fail while the switch says so. */
export function withDownLedgers(real: Env): DownLedgers {
  const down: Pick<DownLedgers, 'isDown'> = { isDown: () => false }
  const failed = { run: () => Promise.reject(Object.assign(new Error('is down'), { overloaded: true })) }
  const guard = (namespace: Namespace): Namespace =>
    new Proxy(namespace, {
      get(target, member) {
        if (member === 'jurisdiction')
          return (name: DurableObjectJurisdiction) => guard(target.jurisdiction(name))
        if (member !== 'getByName') return Reflect.get(target, member, target)
        return (name: string, options?: DurableObjectNamespaceGetDurableObjectOptions) =>
          down.isDown(name) ? failed : target.getByName(name, options)
      },
    })
  return Object.assign(down, { env: { ...real, LEDGER: guard(real.LEDGER) } })
}
