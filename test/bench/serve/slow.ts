/*
 * Runs in workerd around an unmodified bundle (`worker.ts`), so it imports nothing. Every call of D1, KV or a Durable
 * Object that the Worker makes waits before it starts, as it would on its way to another place.
 */

type Method = (...args: readonly unknown[]) => unknown

const isMethod = (value: unknown): value is Method => typeof value === 'function'
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

/** Calls that only build another call. */
const BUILDS = new Set([
  'prepare',
  'bind',
  'withSession',
  'get',
  'getByName',
  'idFromName',
  'idFromString',
  'newUniqueId',
])

/** Statements as they were: a batch of D1 takes only those. */
const plain = new WeakMap<object, object>()

const unwrapped = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(unwrapped)
  return isObject(value) ? (plain.get(value) ?? value) : value
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

function slowed(real: object, latency: number, builds: ReadonlySet<string>): object {
  const wrapped = new Proxy(real, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (!isMethod(member)) return member
      return (...args: readonly unknown[]) => {
        const call = (): unknown => Reflect.apply(member, target, args.map(unwrapped))
        if (!builds.has(String(name))) return wait(latency).then(call)
        const made = call()
        return isObject(made) ? slowed(made, latency, BUILDS) : made
      }
    },
  })
  plain.set(wrapped, real)
  return wrapped
}

/** The calls of a binding that build another one: a namespace of KV has a `get` that asks. */
function buildersOf(binding: object): ReadonlySet<string> | undefined {
  if ('getWithMetadata' in binding) return new Set()
  return 'idFromName' in binding || 'prepare' in binding ? BUILDS : undefined
}

type Bindings = Readonly<Record<string, unknown>>

interface Worker {
  fetch(request: Request, env: Bindings, context: unknown): Response | Promise<Response>
}

const known = new WeakMap<Bindings, Bindings>()

function slowEnv(env: Bindings, latency: number): Bindings {
  const before = known.get(env)
  if (before !== undefined) return before
  const made = Object.fromEntries(
    Object.entries(env).map(([name, binding]) => {
      const builds = isObject(binding) ? buildersOf(binding) : undefined
      return [name, isObject(binding) && builds !== undefined ? slowed(binding, latency, builds) : binding]
    }),
  )
  known.set(env, made)
  return made
}

/** The Worker with slow storage: the default export of the entry module. */
export const slow = (worker: Worker, latency: number): Worker => ({
  fetch: (request, env, context) => worker.fetch(request, slowEnv(env, latency), context),
})
