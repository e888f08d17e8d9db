import { setTimeout } from 'node:timers/promises'
import { convertV4MiniflareOptions, Miniflare, type V4MiniflareOptions } from 'miniflare'
import { Isolate } from '../proof/harness/isolate.ts'
import { ISSUER } from '../support/browser.ts'
import type { Release } from './release.ts'

const ADMIN_KEY = 'ladon-releases-admin-key-5b0d'

/** For how long readiness may be asked again, ms. */
const PATIENCE_MS = 5000

const SETTINGS = {
  URLS_SELF_ISSUER: ISSUER,
  SECRETS_SYSTEM: 'rollout-system-secret-of-32-characters',
  ADMIN_API_KEYS: ADMIN_KEY,
  OUTBOUND_ALLOW_PRIVATE: 'true',
  OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true',
  OAUTH2_GRANT_REFRESH_TOKEN_ROTATION_GRACE_PERIOD: '0s',
}

/** One of the two releases. */
export type Side = 'old' | 'new'

/**
 * The ledgers' script during a rollout: objects start with the code that is deployed, and go on with it when other code
 * is. `back` lets each start again at its next call, so that the same rollout can be gone through once more.
 */
const LEDGERS = `
import { DurableObject } from 'cloudflare:workers'
import * as older from './old.js'
import * as newer from './new.js'
const releases = { old: follow(older.Ledger), new: follow(newer.Ledger) }
let deployed = 'old'
let since = 0
function follow(Base) {
  return class extends Base {
    #since = since
    run(...call) {
      if (this.#since !== since) {
        this.ctx.abort('The rollout begins anew.')
        throw new Error('stopped')
      }
      return super.run(...call)
    }
  }
}
export class Ledger extends DurableObject {
  constructor(ctx, env) {
    return new releases[deployed](ctx, env)
  }
}
export default {
  fetch(request) {
    const { searchParams } = new URL(request.url)
    deployed = searchParams.get('deployed')
    if (searchParams.has('back')) since += 1
    return new Response()
  },
}
`

/** Workers of two releases over one storage, whose ledgers run the code of either. */
export class Rollout {
  readonly #miniflare: Miniflare
  readonly #releases: Readonly<Record<Side, Release>>
  readonly #isolates: Readonly<Record<Side, Isolate>>

  private constructor(
    miniflare: Miniflare,
    releases: Readonly<Record<Side, Release>>,
    isolates: Readonly<Record<Side, Isolate>>,
  ) {
    this.#miniflare = miniflare
    this.#releases = releases
    this.#isolates = isolates
  }

  /** Starts with empty storage, and with the tables and ledgers of the older release. */
  static async start(releases: Readonly<Record<Side, Release>>): Promise<Rollout> {
    const miniflare = new Miniflare(convertV4MiniflareOptions(optionsOf(releases)))
    const isolateOf = async (side: Side): Promise<Isolate> =>
      new Isolate(`http://localhost:${(await miniflare.unsafeGetDirectURL(side)).port}`, ADMIN_KEY)
    const isolates = { old: await isolateOf('old'), new: await isolateOf('new') }
    const rollout = new Rollout(miniflare, releases, isolates)
    await rollout.#migrate([...releases.old.migrations.values()])
    return rollout
  }

  /** A Worker of one of the releases. */
  worker(side: Side): Isolate {
    return this.#isolates[side]
  }

  /** Applies the migrations that only the newer release has; deployments do so before its code. */
  migrate(): Promise<void> {
    const { old: older, new: newer } = this.#releases
    return this.#migrate(
      [...newer.migrations].filter(([name]) => !older.migrations.has(name)).map(([, sql]) => sql),
    )
  }

  /** Deploys the ledgers' code; `back` has those that run start again. */
  async deployLedgers(side: Side, back = false): Promise<void> {
    const ledgers = await this.#miniflare.getWorker('ledgers')
    await ledgers.fetch(`http://ledgers/?deployed=${side}${back ? '&back' : ''}`)
  }

  stop(): Promise<void> {
    return this.#miniflare.dispose()
  }

  async #migrate(texts: readonly string[]): Promise<void> {
    const database = await this.#miniflare.getD1Database('DB')
    for (const text of texts)
      for (const statement of text.split('--> statement-breakpoint')) await database.prepare(statement).run()
  }
}

function optionsOf({ old: older, new: newer }: Readonly<Record<Side, Release>>): V4MiniflareOptions {
  const common = {
    modulesRoot: '/',
    d1Databases: { DB: 'DB' },
    kvNamespaces: { COPIES: 'COPIES' },
    bindings: SETTINGS,
  }
  const ledger = { className: 'Ledger', useSQLite: true }
  const file = (path: string, contents: string) => ({ type: 'ESModule' as const, path, contents })
  const worker = (name: Side, { note, script }: Release) => ({
    ...common,
    name,
    modules: [file('/index.js', script)],
    compatibilityDate: note.compatibilityDate,
    compatibilityFlags: note.compatibilityFlags,
    durableObjects: { LEDGER: { ...ledger, scriptName: 'ledgers' } },
    unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
  })
  return {
    workers: [
      {
        ...common,
        name: 'ledgers',
        modules: [file('/ledgers.js', LEDGERS), file('/old.js', older.script), file('/new.js', newer.script)],
        compatibilityDate: newer.note.compatibilityDate,
        compatibilityFlags: newer.note.compatibilityFlags,
        durableObjects: { LEDGER: ledger },
      },
      worker('old', older),
      worker('new', newer),
    ],
    handleStructuredLogs: () => {},
  }
}

/** A deployment in which a rollout is under way, asked by requests of which each may meet another Worker. */
export class UnderWay extends Isolate {
  readonly #rollout: Rollout
  readonly #next: () => Side
  readonly #ledgersFollow: boolean
  /** The requests that had to wait for the ledgers. */
  readonly repeated: string[] = []

  /**
   * @param next which Worker gets the next request.
   * @param ledgersFollow whether ledgers run the older code until a request found that it must wait.
   */
  constructor(rollout: Rollout, next: () => Side, ledgersFollow: boolean) {
    super(ISSUER, ADMIN_KEY)
    this.#rollout = rollout
    this.#next = next
    this.#ledgersFollow = ledgersFollow
  }

  /** One request, which must be answered; if ledgers follow, then at the latest when they have the newer code. */
  override async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const worker = this.#rollout.worker(this.#next())
    if (this.#ledgersFollow) await this.#rollout.deployLedgers('old', true)
    const response = await worker.fetch(path, init)
    if (!this.#ledgersFollow || waitOf(response) === undefined) return answered(response, path)
    await response.arrayBuffer()
    this.repeated.push(`${init.method ?? 'GET'} ${new URL(path, ISSUER).pathname}`)
    await this.#rollout.deployLedgers('new')
    const ask = (): Promise<Response> => worker.fetch(path, init)
    return answered(await (path === '/health/ready' ? patiently(ask) : ask()), path)
  }
}

/** Repeats a request as its answers say. Readiness needs it: its parts are asked every few seconds only. */
async function patiently(ask: () => Promise<Response>): Promise<Response> {
  const until = Date.now() + PATIENCE_MS
  for (;;) {
    const response = await ask()
    const wait = waitOf(response)
    if (wait === undefined || wait === 0 || Date.now() > until) return response
    await response.arrayBuffer()
    await setTimeout(wait * 1000)
  }
}

/**
 * How long to wait before the same request may be made again, in seconds, if an answer says so, itself or by way of the
 * client (RFC 6749 section 4.1.2.1).
 */
function waitOf({ status, headers }: Response): number | undefined {
  if (status === 503 && headers.has('retry-after')) return Number(headers.get('retry-after'))
  const { searchParams } = new URL(headers.get('location') ?? '/', ISSUER)
  return searchParams.get('error') === 'temporarily_unavailable' ? 0 : undefined
}

function answered(response: Response, path: string): Response {
  if (response.status >= 500 || waitOf(response) !== undefined)
    throw new Error(`${new URL(path, ISSUER).pathname} is answered by ${response.status}`)
  return response
}
