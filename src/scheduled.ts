import type { Env } from './env.ts'
import { logLine } from './http/log.ts'
import { ACCESS_TOKEN_SET, ID_TOKEN_SET, PUBLISH_SECONDS } from './keys/ring.ts'
import { rotateKeys } from './keys/rotation.ts'
import { type Runtime, runtimeOf } from './runtime.ts'
import { countRun } from './telemetry/data-points.ts'
import { failureFields } from './telemetry/request-line.ts'
import { msOf, nowMs, type Seconds, secondsOf } from './util/clock.ts'
import { parseDuration } from './util/duration.ts'
import type { JsonObject } from './util/json.ts'
import { rfc3339 } from './util/rfc3339.ts'

/** Maximum number of expired rows purged from a table at once. */
const PURGE_BATCH = 500

/** A part of the upkeep. Returns how many rows it purged, if that is what it does. */
type Task = (rt: Runtime, now: Seconds) => Promise<number | undefined>

const TASKS: Readonly<Record<string, Task>> = {
  root_keys: rewrap,
  copies: async ({ copies }, now) => {
    await copies.fill(now)
    return undefined
  },
  signing_keys: rotate,
  grants: ({ book }, now) => book.purge(now),
  clients: ({ clients }, now) => clients.purge(now, PURGE_BATCH),
  trusted_issuers: ({ issuers }, now) => issuers.purge(now, PURGE_BATCH),
  audit_log: ({ auditLog }, now) => auditLog.purge(msOf(now), PURGE_BATCH),
}

/**
 * Upkeep that nothing depends on: rotates signing keys unless the operator does, purges the grants book, unused
 * clients, expired trusted issuers and old audit entries, re-seals root keys under the newest system secret, fills the
 * copies in KV, and notes and counts how that went. Logs all that failed and throws the first, after all was tried.
 */
export async function scheduled(env: Env): Promise<void> {
  const startedAt = nowMs()
  const now = secondsOf(startedAt)
  const rt = settled(env)
  const done = await Promise.all(
    Object.entries(TASKS).map(async ([name, task]) => {
      try {
        return { name, purged: await task(rt, now) }
      } catch (error) {
        return { name, error }
      }
    }),
  )
  const failed = done.filter((one) => 'error' in one)
  const names = failed.map(({ name }) => name)
  const purged = done.flatMap(({ name, purged }) => (purged === undefined ? [] : [[name, purged]]))
  const noted = note(rt, now, names, Object.fromEntries(purged))
  const unnoted = await noted.then(
    () => [],
    (error: unknown) => [{ error }],
  )
  countRun(env.METRICS, [...names, ...unnoted.map(() => 'note')], nowMs() - startedAt)
  const failures = [...failed, ...unnoted.map((one) => ({ name: 'note', ...one }))]
  for (const { name, error } of failures) tell(name, error)
  for (const { error } of failures) throw error
}

/** The runtime. Throws `misconfiguration` without a usable setting. */
function settled(env: Env): Runtime {
  try {
    return runtimeOf(env)
  } catch (thrown) {
    tell('settings', thrown)
    throw thrown
  }
}

/** Logs why a part of the job failed: the platform shows no more of what was thrown than its code. */
const tell = (task: string, thrown: unknown): void =>
  logLine('job.failed', {
    task,
    ...failureFields(thrown instanceof Error ? thrown : new TypeError('unknown')),
  })

/**
 * Notes for operators when the job ran, what it could not do, and how many rows there are. Those are counted once a day
 * (UTC), since D1 reads each of them for it.
 */
async function note(
  { upkeep }: Runtime,
  ranAt: Seconds,
  failed: readonly string[],
  purged: JsonObject,
): Promise<void> {
  const counted = (await upkeep.read())?.result ?? {}
  const at = rfc3339(ranAt)
  const isOfToday = String(counted['rows_at']).startsWith(at.slice(0, at.indexOf('T')))
  const known = isOfToday ? counted['rows'] : undefined
  const rows = known ?? (await upkeep.counts())
  const rows_at = (known !== undefined && counted['rows_at']) || at
  const result = { failed, purged, rows, rows_at }
  await upkeep.write({ ranAt, succeededAt: failed.length === 0 ? ranAt : null, result })
}

async function rewrap({ roots }: Runtime): Promise<undefined> {
  const resealed = await roots.rewrap()
  if (resealed > 0) logLine('root_key.resealed', { count: resealed })
}

/** Rotates the keys of both sets that sign. */
async function rotate({ clients, config, storedKeys }: Runtime, now: number): Promise<undefined> {
  const { signingKeyRotation: period, ttl } = config
  if (period === null) return
  const keep = async (): Promise<number> => {
    const own = (await clients.tokenLifespans()).map((lifespan) => parseDuration(lifespan) ?? 0)
    // A superseded key still signs until the new one is known.
    return Math.max(period, ttl.accessToken, ttl.idToken, ...own) + PUBLISH_SECONDS
  }
  for (const set of [ID_TOKEN_SET, ACCESS_TOKEN_SET]) {
    const { added, removed } = await rotateKeys(storedKeys, set, { period, keep }, now)
    if (added.length + removed.length > 0) logLine('key.rotated', { set, added, removed })
  }
}
