/*
 * Runs in workerd around the unmodified bundle (`serve.ts`), so it imports nothing. `GET /__proof?ledger=slow&…` sets
 * what goes wrong from now on, `GET /__proof/cron` runs the scheduled handler.
 */

type Mode = 'ok' | 'fail' | 'slow' | 'hang'

/** What goes wrong, until it is told otherwise. */
const faults = {
  d1: 'ok' as Mode,
  kv: 'ok' as Mode,
  ledger: 'ok' as Mode,
  /** Milliseconds at most that each ledger call waits before it starts. */
  delay: 0,
  /** Share of ledger answers that are lost after the commit, as when the object is reset. */
  lose: 0,
}

type Source = 'd1' | 'kv' | 'ledger'
type Method = (...args: readonly unknown[]) => unknown

const SLOW_MS = 700
const HANG_MS = 30_000

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const isMethod = (value: unknown): value is Method => typeof value === 'function'
const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || isMethod(value)

async function trouble(source: Source): Promise<void> {
  const mode = faults[source]
  if (mode === 'slow') await wait(SLOW_MS)
  if (mode === 'hang') await wait(HANG_MS)
  if (mode === 'fail' || mode === 'hang') throw new Error(`injected: ${source} does not answer`)
}

/** What a D1 statement was before it was wrapped: a batch takes only real ones. */
const statements = new WeakMap<object, unknown>()
const CHAINED = new Set(['prepare', 'bind', 'withSession'])

/** A binding whose calls fail as told; what builds a statement is wrapped in turn. */
function troubled<T extends object>(real: T, source: Source): T {
  return new Proxy(real, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (!isMethod(member)) return member
      return (...args: readonly unknown[]) => {
        if (CHAINED.has(String(name))) {
          const made = Reflect.apply(member, target, args)
          if (!isObject(made)) return made
          const wrapped = troubled(made, source)
          statements.set(wrapped, made)
          return wrapped
        }
        const plain = args.map((arg) =>
          Array.isArray(arg)
            ? arg.map((item) => (isObject(item) ? (statements.get(item) ?? item) : item))
            : arg,
        )
        const call = (): unknown => Reflect.apply(member, target, plain)
        return faults[source] === 'ok' ? call() : trouble(source).then(call)
      }
    },
  })
}

type Call = (...args: readonly unknown[]) => Promise<unknown>

interface Stub {
  readonly run: Call
}

const isStub = (value: unknown): value is Stub => isObject(value)

const troubledCall =
  (call: Call): Call =>
  async (...args) => {
    if (faults.delay > 0) await wait(Math.random() * faults.delay)
    await trouble('ledger')
    const answer = await call(...args)
    if (faults.lose === 0 || Math.random() >= faults.lose) return answer
    throw Object.assign(new Error('injected: the answer is lost'), { retryable: true })
  }

const troubledStub = (stub: Stub): Stub => ({
  run: troubledCall((...args) => stub.run(...args)),
})

function troubledLedger<T extends object>(real: T): T {
  return new Proxy(real, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (!isMethod(member)) return member
      return (...args: readonly unknown[]) => {
        const made = Reflect.apply(member, target, args)
        return (name === 'get' || name === 'getByName') && isStub(made) ? troubledStub(made) : made
      }
    },
  })
}

interface Bindings {
  readonly DB: object
  readonly COPIES: object
  readonly LEDGER: object
}

interface Worker {
  fetch(request: Request, env: Bindings, context: unknown): Response | Promise<Response>
  scheduled(controller: unknown, env: Bindings, context: unknown): unknown
}

const known = new WeakMap<Bindings, Bindings>()

function troubledEnv(env: Bindings): Bindings {
  const before = known.get(env)
  if (before !== undefined) return before
  const made = {
    ...env,
    DB: troubled(env.DB, 'd1'),
    COPIES: troubled(env.COPIES, 'kv'),
    LEDGER: troubledLedger(env.LEDGER),
  }
  known.set(env, made)
  return made
}

function setFaults(given: URLSearchParams): Response {
  for (const [name, value] of given)
    Object.assign(faults, { [name]: /^[\d.]+$/.test(value) ? Number(value) : value })
  return Response.json(faults)
}

/** The Worker with faults: the default export of the server's entry module. */
export const withFaults = (worker: Worker): Worker => ({
  async fetch(request, env, context) {
    // An invalid host makes an invalid URL, which is the Worker's to refuse.
    const [, rest] = /^https?:\/\/[^/]*\/__proof(.*)$/.exec(request.url) ?? []
    if (rest?.startsWith('?')) return setFaults(new URLSearchParams(rest))
    if (rest !== '/cron') return worker.fetch(request, troubledEnv(env), context)
    await worker.scheduled({ scheduledTime: Date.now(), cron: '*/15 * * * *' }, troubledEnv(env), context)
    return new Response('done')
  },
  scheduled: (controller, env, context) => worker.scheduled(controller, troubledEnv(env), context),
})
