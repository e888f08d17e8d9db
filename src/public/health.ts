import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'
import { failureOf } from '../errors/catalogue.ts'
import { json } from '../http/json.ts'
import { ownerOf } from '../ledger/owner.ts'
import type { Runtime } from '../runtime.ts'

/** Liveness: the Worker runs (contract 1.3.11). */
export const alive = (): Response => json({ status: 'ok' })

/**
 * Readiness: asks D1, KV and a ledger, and opens the root keys; a 503 names what failed. Throws `misconfiguration` for
 * a wrong system secret.
 */
export async function ready(c: Context<AppEnv>): Promise<Response> {
  const { rt } = c.var.ctx
  const outcomes = await Promise.all(Object.entries(probes).map(([name, probe]) => outcome(name, probe(rt))))
  const failed = outcomes.filter((name) => name !== null)
  if (failed.length === 0) {
    // A secret that does not open the stored keys is reported like any other wrong setting.
    await rt.roots.current()
    return json({ status: 'ok' })
  }
  const { error, status } = failureOf('temporarily_unavailable')
  const errors = Object.fromEntries(failed.map((name) => [name, 'does not answer']))
  const body = { error, error_description: `These do not answer: ${failed.join(', ')}.`, errors }
  return json(body, status, { 'retry-after': '1' })
}

const probes: Readonly<Record<string, (rt: Runtime) => Promise<unknown>>> = {
  d1: async (rt) => rt.clients.list({ after: null, offset: 0, limit: 1, name: null, owner: null }),
  kv: async (rt) => rt.env.COPIES.get('probe'),
  ledger: (rt) => rt.ledgers.call(ownerOf('probe', 'ready'), 'ping', null),
}

const outcome = (name: string, probe: Promise<unknown>): Promise<string | null> =>
  probe.then(
    () => null,
    () => name,
  )
