import { randomUUID } from 'node:crypto'
import * as v from 'valibot'
import { ApiFailure, type ApiRoute, type Handler, parse, route } from './api.ts'

const Binding = v.looseObject({ name: v.string(), type: v.string() })
const Metadata = v.object({
  bindings: v.array(Binding),
  keep_bindings: v.optional(v.array(v.string()), []),
  migrations: v.optional(v.object({ new_tag: v.string() })),
  cache_options: v.optional(v.object({ enabled: v.boolean() }), { enabled: false }),
})
const Rollout = v.object({ versions: v.array(v.object({ version_id: v.string() })) })
const Subdomain = v.object({ enabled: v.boolean(), previews_enabled: v.optional(v.boolean(), false) })
const Crons = v.array(v.object({ cron: v.string() }))
const Records = v.object({ origins: v.array(v.object({ hostname: v.string() })) })

/** A Worker of the account, as its last deployment left it. */
export interface DeployedWorker {
  /** The version that answers. */
  readonly version: string
  readonly bindings: readonly v.InferOutput<typeof Binding>[]
  readonly migrationTag: string | undefined
  readonly secrets: readonly string[]
  /** Whether answers that may be cached are. */
  readonly isCached: boolean
  readonly domains: readonly string[]
  readonly crons: readonly string[]
  /** Whether it has addresses below workers.dev, of its own and of each version. */
  readonly subdomain: v.InferOutput<typeof Subdomain>
}

const NEW: DeployedWorker = {
  version: '',
  bindings: [],
  migrationTag: undefined,
  secrets: [],
  isCached: false,
  domains: [],
  crons: [],
  subdomain: { enabled: false, previews_enabled: false },
}

const NO_CONFLICT = { added: [], updated: [], removed: [], conflicting: [] }

/** Workers by name: upload, what hangs on them, and what wrangler asks about them meanwhile. */
export function workerRoutes(workers: Map<string, DeployedWorker>, subdomain: string): readonly ApiRoute[] {
  const find = (name = '') => {
    const worker = workers.get(name)
    if (worker === undefined) throw new ApiFailure(404, 10_007, 'no such Worker')
    return worker
  }
  const change = (name = '', changes: Partial<DeployedWorker>) =>
    workers.set(name, { ...(workers.get(name) ?? NEW), ...changes })
  return [
    ...uploadRoutes(workers, change),
    ...versionRoutes(find, change),
    route('GET', '/workers/subdomain', () => ({ subdomain })),
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

type Change = (name: string | undefined, changes: Partial<DeployedWorker>) => void

/** What a version brings, by its id. */
const versions = new Map<string, Pick<DeployedWorker, 'bindings' | 'migrationTag' | 'secrets' | 'isCached'>>()

function uploadRoutes(workers: Map<string, DeployedWorker>, change: Change): readonly ApiRoute[] {
  const upload = (name: string, body: string) => {
    const text = Buffer.from(body, 'latin1').toString('utf8')
    const metadata = parse(Metadata, /\r\n\r\n(\{"main_module"[^\r]*)\r\n/.exec(text)?.[1] ?? '')
    const old = workers.get(name) ?? NEW
    const given = metadata.bindings.map((one) =>
      one.type === 'inherit' ? (old.bindings.find((other) => other.name === one.name) ?? one) : one,
    )
    const kept = old.bindings.filter(
      ({ name, type }) => metadata.keep_bindings.includes(type) && !given.some((one) => one.name === name),
    )
    const bindings = [...given, ...kept]
    const secrets = bindings.flatMap((one) => (one.type === 'secret_text' ? [one.name] : []))
    const id = randomUUID()
    const migrationTag = metadata.migrations?.new_tag ?? old.migrationTag
    const isCached = metadata.cache_options.enabled
    versions.set(id, {
      bindings,
      migrationTag,
      isCached,
      secrets: [...new Set([...old.secrets, ...secrets])],
    })
    const script = { etag: 'e', handlers: ['fetch', 'scheduled'] }
    const resources = { bindings: metadata.bindings, script, script_runtime: {} }
    return { id, startup_time_ms: 20, entry_point: 'index.js', metadata: {}, resources }
  }
  const put: Handler = ([name = ''], body) => {
    const version = upload(name, body)
    change(name, { version: version.id, ...versions.get(version.id) })
    return version
  }
  return [
    route('PUT', '/workers/scripts/([^/]+)', put),
    route('POST', '/workers/scripts/([^/]+)/versions', ([name = ''], body) => upload(name, body)),
  ]
}

function versionRoutes(find: (name?: string) => DeployedWorker, change: Change): readonly ApiRoute[] {
  const deployments = ({ version }: DeployedWorker) => ({
    deployments: [
      {
        id: version,
        created_on: '2026-11-28T12:00:00Z',
        source: 'wrangler',
        author_email: 'a@example.com',
        versions: [{ version_id: version, percentage: 100 }],
      },
    ],
  })
  return [
    route('GET', '/workers/scripts/([^/]+)/deployments', ([name]) => deployments(find(name))),
    route('POST', '/workers/scripts/([^/]+)/deployments', ([name], body) => {
      const [version] = parse(Rollout, body).versions
      const id = version?.version_id ?? ''
      change(name, { version: id, ...versions.get(id) })
      return { id: randomUUID() }
    }),
    route('GET', '/workers/scripts/([^/]+)/versions/([^/]+)', ([, id]) => ({
      id,
      number: 1,
      metadata: { created_on: '2026-11-28T12:00:00Z', source: 'wrangler', author_email: 'a@example.com' },
      resources: { bindings: [], script: { etag: 'e', handlers: ['fetch'] }, script_runtime: {} },
    })),
    route('PATCH', '/workers/scripts/([^/]+)/script-settings', () => ({})),
    route('GET', '/workers/scripts/([^/]+)/subdomain', ([name]) => find(name).subdomain),
    route('POST', '/workers/scripts/([^/]+)/subdomain', ([name], body) => {
      change(name, { subdomain: parse(Subdomain, body) })
      return find(name).subdomain
    }),
    route('GET|PATCH', '/workers/workers/([^/]+)', ([name]) => ({
      id: name,
      name,
      tags: [],
      subdomain: find(name).subdomain,
    })),
  ]
}
