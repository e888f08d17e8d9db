import { waitUntil } from 'cloudflare:workers'
import { OAuthError } from '../errors/oauth-error.ts'
import { type Milliseconds, nowMs } from '../util/clock.ts'
import { followed } from '../util/shared-load.ts'

/** How long other requests may join a piece of work, ms. After that the request that began it may be gone. */
const JOIN_MS = 5000

/** How long work counts as under way, ms: the runtime ends what a request left behind 30 s after its answer. */
const GONE_MS = 40_000

interface UnderWay<T> {
  readonly startedAt: Milliseconds
  readonly result: Promise<T | undefined>
}

/** Work that is shared by those who want it for the same id. */
export interface Sharing<T> {
  /** Returns the outcome of `work` for an id, or of such work that is under way. */
  run(id: string, work: (id: string) => Promise<T | undefined>): Promise<T | undefined>
  /** Whether work for an id is under way that others may join. */
  has(id: string): boolean
}

/**
 * Lets callers for one id share one piece of work. The work goes on if the request that began it ends; the others do not
 * wait for it longer than `followed` does. With `limit` ids in progress, further ones are refused.
 */
export function sharing<T>(limit: number): Sharing<T> {
  const underWay = new Map<string, UnderWay<T>>()
  const running = (id: string): UnderWay<T> | undefined => {
    const one = underWay.get(id)
    return one !== undefined && Math.abs(nowMs() - one.startedAt) < JOIN_MS ? one : undefined
  }
  /** Drops work that can no longer end. Returns whether there was any. */
  const dropGone = (): boolean => {
    const gone = [...underWay].filter(([, { startedAt }]) => Math.abs(nowMs() - startedAt) > GONE_MS)
    for (const [id] of gone) underWay.delete(id)
    return gone.length > 0
  }
  return {
    has: (id) => running(id) !== undefined,
    run(id, work) {
      const joined = running(id)
      if (joined !== undefined) return followed(joined.result)
      if (underWay.size >= limit && !dropGone()) return Promise.reject(unavailable())
      const begun = { startedAt: nowMs(), result: work(id) }
      underWay.set(id, begun)
      const settled = (): void => {
        if (underWay.get(id) === begun) underWay.delete(id)
      }
      waitUntil(begun.result.then(settled, settled))
      return begun.result
    },
  }
}

/** The error where the source of a value cannot be asked. */
export const unavailable = (): OAuthError => new OAuthError('temporarily_unavailable', 'storage_unreachable')
