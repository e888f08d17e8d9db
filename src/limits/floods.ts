import { LIMITS } from '../config/limits.ts'
import type { FloodClass, LimitName } from '../config/types.ts'
import type { Env } from '../env.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { logLine } from '../http/log.ts'
import type { Network } from '../http/network.ts'
import { nowMs } from '../util/clock.ts'
import { withTimeout } from '../util/with-timeout.ts'

interface Flood {
  /** The binding in wrangler.toml that counts the class. */
  readonly binding: string
  /** The period of the binding as this repository declares it, seconds. The binding itself does not tell. */
  readonly seconds: 10 | 60
}

const FLOODS: Readonly<Record<FloodClass, Flood>> = {
  browser: { binding: 'LIMIT_BROWSER', seconds: 10 },
  client: { binding: 'LIMIT_CLIENT', seconds: 10 },
  device: { binding: 'LIMIT_DEVICE', seconds: 60 },
  registration: { binding: 'LIMIT_REGISTRATION', seconds: 60 },
  user_code: { binding: 'LIMIT_USER_CODE', seconds: 60 },
  api_key: { binding: 'LIMIT_API_KEY', seconds: 60 },
}

const FLOOD_CLASSES = LIMITS.filter((name) => name !== 'secret')

const isLimiter = (binding: unknown): binding is RateLimit =>
  typeof binding === 'object' && binding !== null && typeof Reflect.get(binding, 'limit') === 'function'

/** How long a request waits for a binding, ms. It counts in memory nearby, and answers at once or is in trouble. */
const DEADLINE_MS = 50

/** How long a binding that failed or was silent is not asked, ms. */
const PAUSE_MS = 10_000

/** The rate-limit bindings: whether there are too many requests of a class. Whatever fails here refuses nobody. */
export class Floods {
  readonly #bindings: ReadonlyMap<FloodClass, RateLimit>
  readonly #pausedUntil = new Map<FloodClass, number>()
  /** The names of bindings that are missing, though their classes are not switched off. */
  readonly unbound: readonly string[]

  /** @param off - classes that are not counted */
  constructor(env: Env, off: readonly LimitName[]) {
    const counted = FLOOD_CLASSES.filter((flood) => !off.includes(flood))
    const bound = counted.flatMap((flood) => {
      const binding = env[FLOODS[flood].binding]
      return isLimiter(binding) ? [[flood, binding] as const] : []
    })
    this.#bindings = new Map(bound)
    this.unbound = counted
      .filter((flood) => !bound.some(([name]) => name === flood))
      .map((flood) => FLOODS[flood].binding)
    if (this.unbound.length > 0) logLine('limits.unbound', { bindings: this.unbound })
  }

  /** Counts a request of a network. Returns the refusal if the network sent too many of its class. */
  async ofNetwork(flood: FloodClass, network: Network | null): Promise<OAuthError | undefined> {
    return network === null ? undefined : this.#count(flood, network.narrow ?? network.wide)
  }

  /** Counts a request of whomever. Returns the refusal if there were too many of its class. */
  async ofAll(flood: FloodClass): Promise<OAuthError | undefined> {
    return this.#count(flood, '')
  }

  async #count(flood: FloodClass, key: string): Promise<OAuthError | undefined> {
    const binding = this.#bindings.get(flood)
    if (binding === undefined || (this.#pausedUntil.get(flood) ?? 0) > nowMs()) return undefined
    try {
      const counted = binding.limit({ key: `${flood} ${key}` })
      const { success } = await withTimeout(counted, DEADLINE_MS, () => new Error('silent'))
      const { seconds } = FLOODS[flood]
      return success ? undefined : new OAuthError('too_many_requests', 'flooded', { limit: flood, seconds })
    } catch {
      this.#pausedUntil.set(flood, nowMs() + PAUSE_MS)
      logLine('limits.failed', { limit: flood })
      return undefined
    }
  }
}
