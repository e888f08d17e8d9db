import { randomUUID } from 'node:crypto'
import * as v from 'valibot'
import { ApiFailure, type ApiRoute, type Handler, parse, route } from './api.ts'

const Binding = v.looseObject({ name: v.string(), type: v.string() })
const Metadata = v.object({
  bindings: v.array(Binding),
  migrations: v.optional(v.object({ new_tag: v.string() })),
})
const Crons = v.array(v.object({ cron: v.string() }))
const Records = v.object({ origins: v.array(v.object({ hostname: v.string() })) })

/** A Worker of the account, as its last deployment left it. */
export interface DeployedWorker {
  readonly bindings: readonly v.InferOutput<typeof Binding>[]
  readonly migrationTag: string | undefined
  readonly secrets: readonly string[]
  readonly domains: readonly string[]
  readonly crons: readonly string[]
}

const NEW: DeployedWorker = { bindings: [], migrationTag: undefined, secrets: [], domains: [], crons: [] }

const NO_CONFLICT = { added: [], updated: [], removed: [], conflicting: [] }

/** Workers by name: upload, what hangs on them, and what wrangler asks about them meanwhile. */
export function workerRoutes(workers: Map<string, DeployedWorker>): readonly ApiRoute[] {
  const find = (name = '') => {
    const worker = workers.get(name)
    if (worker === undefined) throw new ApiFailure(404, 10_007, 'no such Worker')
    return worker
  }
  const change = (name = '', changes: Partial<DeployedWorker>) =>
    workers.set(name, { ...(workers.get(name) ?? NEW), ...changes })
  return [
    ...uploadRoutes((name, metadata) => {
      const old = workers.get(name) ?? NEW
      const bindings = metadata.bindings.map((one) =>
        one.type === 'inherit' ? (old.bindings.find((other) => other.name === one.name) ?? one) : one,
      )
      change(name, { bindings, migrationTag: metadata.migrations?.new_tag ?? old.migrationTag })
    }),
    route('GET', '/workers/services/([^/]+)', ([name]) => ({
      id: name,
      default_environment: {
        environment: 'production',
        script: { last_deployed_from: 'wrangler', migration_tag: find(name).migrationTag },
      },
    })),
    route('GET', '/workers/scripts', () =>
      [...workers].map(([id, { migrationTag }]) => ({ id, migration_tag: migrationTag })),
    ),
    route('GET', '/workers/scripts/([^/]+)/settings', ([name]) => ({ bindings: find(name).bindings })),
    route('GET', '/workers/scripts/([^/]+)/secrets', ([name]) =>
      find(name).secrets.map((secret) => ({ name: secret, type: 'secret_text' })),
    ),
    route('PUT', '/workers/scripts/([^/]+)/schedules', ([name], body) => {
      change(name, { crons: parse(Crons, body).map(({ cron }) => cron) })
      return { schedules: [] }
    }),
    route('POST', '/workers/scripts/([^/]+)/domains/changeset', () => NO_CONFLICT),
    route('PUT', '/workers/scripts/([^/]+)/domains/records', ([name], body) => {
      const domains = parse(Records, body).origins.map(({ hostname }) => hostname)
      // A custom domain leads to one Worker: who claims it takes it.
      for (const [other, worker] of workers)
        change(other, { domains: worker.domains.filter((domain) => !domains.includes(domain)) })
      change(name, { domains })
      return []
    }),
  ]
}

function uploadRoutes(
  deployed: (name: string, metadata: v.InferOutput<typeof Metadata>) => void,
): readonly ApiRoute[] {
  const upload: Handler = ([name = ''], body) => {
    const metadata = parse(Metadata, /\r\n\r\n(\{"main_module"[^\r]*)\r\n/.exec(body)?.[1] ?? '')
    deployed(name, metadata)
    const script = { etag: 'e', handlers: ['fetch', 'scheduled'] }
    const resources = { bindings: metadata.bindings, script, script_runtime: {} }
    return { id: randomUUID(), startup_time_ms: 20, entry_point: 'index.js', metadata: {}, resources }
  }
  const subdomain = { enabled: true, previews_enabled: false }
  return [
    route('PUT', '/workers/scripts/([^/]+)', upload),
    route('POST', '/workers/scripts/([^/]+)/versions', upload),
    route('GET', '/workers/scripts/([^/]+)/deployments', () => ({ deployments: [] })),
    route('POST', '/workers/scripts/([^/]+)/deployments', () => ({ id: randomUUID() })),
    route('PATCH', '/workers/scripts/([^/]+)/script-settings', () => ({})),
    route('GET|POST', '/workers/scripts/([^/]+)/subdomain', () => subdomain),
    route('GET|PATCH', '/workers/workers/([^/]+)', ([name]) => ({ id: name, name, tags: [], subdomain })),
    route('GET', '/workers/subdomain', () => ({ subdomain: 'account' })),
  ]
}
