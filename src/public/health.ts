import type { Context } from 'hono'
import type { Config } from '../config/types.ts'
import type { AppEnv } from '../context.ts'
import { errorBody, OAuthError } from '../errors/oauth-error.ts'
import { json } from '../http/json.ts'
import { ACCESS_TOKEN_SET, ID_TOKEN_SET } from '../keys/ring.ts'
import { ownerOf } from '../ledger/owner.ts'
import type { Runtime } from '../runtime.ts'
import { schemaState } from '../store/migrations.ts'
import { milliseconds } from '../util/clock.ts'
import { SharedLoad } from '../util/shared-load.ts'
import { withTimeout } from '../util/with-timeout.ts'

/** How long an answer is remembered, ms: anybody may ask, and each answer costs a call of D1, KV and a ledger. */
const REMEMBER_MS = milliseconds(3000)

/** How long each part may take, ms; less than those wait who ask at the same time. */
const PATIENCE_MS = 2500

/** Liveness: the Worker runs (contract 1.3.11). */
export const alive = (): Response => json({ status: 'ok' })

/** What is wrong, by the part of the installation: nothing, or one member. */
type Errors = Readonly<Record<string, string>>

const findings = new WeakMap<Config, SharedLoad<Errors>>()

/**
 * Readiness: asks D1 for every table and column, KV and a ledger, at most once in three seconds, and opens the root keys
 * and the signing keys; what is missing of those is made, so that no user waits for it. A 503 names what failed. Throws
 * `misconfiguration` for a wrong system secret.
 */
export async function ready(c: Context<AppEnv>): Promise<Response> {
  const { rt } = c.var.ctx
  const finding = findings.get(rt.config) ?? new SharedLoad<Errors>(REMEMBER_MS)
  findings.set(rt.config, finding)
  const errors = await finding.run(() => probe(rt))
  const failed = Object.entries(errors).map(([part, problem]) => `${part} ${problem}`)
  if (failed.length === 0) return json({ status: 'ok' })
  const refusal = new OAuthError('temporarily_unavailable', 'not_ready', { failed: failed.join(', ') })
  c.var.ctx.refused(refusal)
  return json({ ...errorBody(refusal), errors }, refusal.status, {
    'retry-after': String(REMEMBER_MS / 1000),
  })
}

async function probe(rt: Runtime): Promise<Errors> {
  const errors: Errors = Object.assign({}, ...(await Promise.all(PROBES.map((one) => one(rt)))))
  if (Object.keys(errors).length > 0) return errors
  // A secret that does not open the stored keys is reported like any other wrong setting.
  await rt.roots.current()
  const signers = Promise.all([rt.keys.signer(ID_TOKEN_SET), rt.keys.signer(ACCESS_TOKEN_SET)])
  return withTimeout(signers, PATIENCE_MS).then(
    () => ({}),
    (thrown: unknown) => {
      if (thrown instanceof OAuthError && thrown.code === 'misconfiguration') throw thrown
      return { keys: 'could not be read or made yet' }
    },
  )
}

const SILENT = 'does not answer'

const PROBES: readonly ((rt: Runtime) => Promise<Errors>)[] = [
  (rt) => finds('d1', schemaState(rt.env.DB), (state) => SCHEMA_ERRORS[state]),
  (rt) => finds('kv', rt.env.COPIES.get('probe')),
  (rt) =>
    finds(
      'ledger',
      rt.ledgers.call(ownerOf('probe', 'ready', rt.config.residency.jurisdiction), 'ping', null),
    ),
]

const SCHEMA_ERRORS: Readonly<Record<Awaited<ReturnType<typeof schemaState>>, Errors>> = {
  whole: {},
  missing: { migrations: 'are missing in D1; npm run deploy applies them' },
  unreachable: { d1: SILENT },
}

const finds = <T>(
  part: string,
  answer: Promise<T>,
  errorsOf: (answer: T) => Errors = () => ({}),
): Promise<Errors> => withTimeout(answer, PATIENCE_MS).then(errorsOf, () => ({ [part]: SILENT }))
