import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'
import { errorBody, OAuthError } from '../errors/oauth-error.ts'
import { json } from '../http/json.ts'
import { ownerOf } from '../ledger/owner.ts'
import type { Runtime } from '../runtime.ts'
import { schemaState } from '../store/migrations.ts'

/** Liveness: the Worker runs (contract 1.3.11). */
export const alive = (): Response => json({ status: 'ok' })

/**
 * Readiness: asks D1 for every table and column, KV and a ledger, and opens the root keys; a 503 names what failed.
 * Throws `misconfiguration` for a wrong system secret.
 */
export async function ready(c: Context<AppEnv>): Promise<Response> {
  const { rt } = c.var.ctx
  const errors = Object.assign({}, ...(await Promise.all(PROBES.map((probe) => probe(rt)))))
  const failed = Object.entries(errors).map(([part, problem]) => `${part} ${problem}`)
  if (failed.length === 0) {
    // A secret that does not open the stored keys is reported like any other wrong setting.
    await rt.roots.current()
    return json({ status: 'ok' })
  }
  const refusal = new OAuthError('temporarily_unavailable', 'not_ready', { failed: failed.join(', ') })
  c.var.ctx.refused(refusal)
  return json({ ...errorBody(refusal), errors }, refusal.status, { 'retry-after': '1' })
}

/** What is wrong, by the part of the installation: nothing, or one member. */
type Errors = Readonly<Record<string, string>>

const SILENT = 'does not answer'

const PROBES: readonly ((rt: Runtime) => Promise<Errors>)[] = [
  async (rt) => SCHEMA_ERRORS[await schemaState(rt.env.DB)],
  (rt) => answered('kv', rt.env.COPIES.get('probe')),
  (rt) => answered('ledger', rt.ledgers.call(ownerOf('probe', 'ready'), 'ping', null)),
]

const SCHEMA_ERRORS: Readonly<Record<Awaited<ReturnType<typeof schemaState>>, Errors>> = {
  whole: {},
  missing: { migrations: 'are missing in D1; npm run deploy applies them' },
  unreachable: { d1: SILENT },
}

const answered = (part: string, probe: Promise<unknown>): Promise<Errors> =>
  probe.then(
    () => ({}),
    () => ({ [part]: SILENT }),
  )
