import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'
import { json } from '../http/json.ts'
import { ACCESS_TOKEN_SET, ID_TOKEN_SET, PUBLISH_SECONDS } from '../keys/ring.ts'
import type { Runtime } from '../runtime.ts'
import { migrationsOf } from '../store/migrations.ts'
import { nowMs, nowSeconds } from '../util/clock.ts'
import { release } from '../util/release.ts'
import { rfc3339 } from '../util/rfc3339.ts'
import { isolateStart, troubles } from '../util/trouble.ts'
import { settingsStatus } from './settings-status.ts'

/** The keys of a set that sign. Times in seconds since the epoch. */
interface SetStatus {
  readonly set: string
  readonly keys: number
  /** When the key that signs began to, and when the oldest key was made; null without keys. */
  readonly signsSince: number | null
  readonly oldestAt: number | null
}

/** What the server knows of itself. What could not be asked for is null. */
export interface Status {
  readonly sets: readonly SetStatus[] | null
  readonly migrations: Awaited<ReturnType<typeof migrationsOf>> | null
  readonly cron: Awaited<ReturnType<Runtime['upkeep']['read']>> | null
  /** When this isolate answered its first request, seconds since the epoch. */
  readonly isolateStartedAt: number
  readonly troubles: ReturnType<typeof troubles>
  /** How many databases of each kind this isolate holds for down, since they did not answer in time. */
  readonly silent: Readonly<Record<'d1' | 'kv' | 'ledgers', number>>
}

/** Asks D1 for the state of keys, migrations and upkeep, and this isolate for its trouble. Never throws. */
export async function readStatus({ env, storedKeys, upkeep, sources, ledgers }: Runtime): Promise<Status> {
  const asked = <T>(question: Promise<T>): Promise<T | null> => question.catch(() => null)
  const keysOf = async (set: string): Promise<SetStatus> => {
    const keys = (await storedKeys.read(set)).filter(({ signs }) => signs)
    const publishedBefore = nowSeconds() - PUBLISH_SECONDS
    const signer = keys.find(({ createdAt }) => createdAt < publishedBefore) ?? keys.at(-1)
    return {
      set,
      keys: keys.length,
      signsSince: signer?.createdAt ?? null,
      oldestAt: keys.at(-1)?.createdAt ?? null,
    }
  }
  const [sets, migrations, cron] = await Promise.all([
    asked(Promise.all([keysOf(ID_TOKEN_SET), keysOf(ACCESS_TOKEN_SET)])),
    asked(migrationsOf(env.DB)),
    asked(upkeep.read()),
  ])
  return {
    sets,
    migrations,
    cron,
    isolateStartedAt: Math.floor(isolateStart(nowMs()) / 1000),
    troubles: troubles(),
    silent: {
      d1: Number(sources.d1Breaker.isOpen),
      kv: Number(sources.kvBreaker.isOpen),
      ledgers: ledgers.silent,
    },
  }
}

/** GET /admin/status: the state of the server as JSON (contract 1.4.9). */
export async function status(c: Context<AppEnv>): Promise<Response> {
  const { sets, migrations, cron, isolateStartedAt, troubles, silent } = await readStatus(c.var.ctx.rt)
  return json({
    version: release,
    d1: sets === null || migrations === null || cron === null ? 'does not answer' : 'ok',
    ...(sets !== null && { keys: sets.map(renderSet) }),
    ...(migrations !== null && { migrations }),
    ...(cron && {
      cron: {
        ran_at: rfc3339(cron.ranAt),
        ...(cron.succeededAt !== null && { succeeded_at: rfc3339(cron.succeededAt) }),
        ...cron.result,
      },
    }),
    isolate: {
      started_at: rfc3339(isolateStartedAt),
      trouble: troubles.filter(({ count }) => count > 0),
      silent,
    },
    settings: settingsStatus(c.var.ctx.rt),
  })
}

const renderSet = ({ set, keys, signsSince, oldestAt }: SetStatus): object => ({
  set,
  keys,
  ...(signsSince !== null && { signs_since: rfc3339(signsSince) }),
  ...(oldestAt !== null && { oldest_at: rfc3339(oldestAt) }),
})
