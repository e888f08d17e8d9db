import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { DatabaseSync } from 'node:sqlite'
import { ApiFailure, type ApiRoute } from './api.ts'
import { assetRoutes } from './assets.ts'
import { type Database, databaseRoutes, namespaceRoutes } from './storage.ts'
import { Files, tagOf, transferRoutes } from './transfers.ts'
import { type DeployedWorker, workerRoutes } from './workers.ts'

/** A stub of Cloudflare's API, as far as `ladon deploy` goes: an empty account that remembers what wrangler does. */
export class CloudflareAccount {
  readonly workers = new Map<string, DeployedWorker>()
  /** D1 databases by name. */
  readonly databases = new Map<string, Database>()
  /** Ids of KV namespaces by title. */
  readonly namespaces = new Map<string, string>()
  /** Paths of the static assets of Workers, by name. */
  readonly assets = new Map<string, readonly string[]>()
  /** Every call so far, like `GET /accounts/acct/d1/database`. */
  readonly calls: string[] = []
  /** Which calls are to fail, with a status. */
  failing: RegExp | undefined
  failure: { readonly status: number; readonly code: number } = { status: 500, code: 10_000 }
  readonly #files = new Files()
  readonly #server: Server
  readonly #routes: readonly ApiRoute[]

  /** @param subdomain - that of the account below workers.dev */
  constructor(subdomain = 'account') {
    this.#routes = [
      ...databaseRoutes(this.databases),
      ...namespaceRoutes(this.namespaces),
      ...workerRoutes(this.workers, subdomain),
      ...assetRoutes(this.assets),
      ...transferRoutes((key) => this.#database(key), this.#files),
    ]
    this.#server = createServer(async (request, response) => {
      const text = await textOf(request)
      const [, file] = /^\/files\/(.+)$/.exec(request.url ?? '') ?? []
      if (file !== undefined) {
        const sql = Buffer.from(text, 'latin1').toString('utf8')
        if (request.method === 'PUT') this.#files.keep(sql, file)
        response.writeHead(200, { etag: `"${tagOf(sql)}"` }).end(this.#files.text(file))
        return
      }
      const { status, body } = this.#answer(request, text)
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
  }

  /** Starts to listen; resolves to the environment that has wrangler call it. */
  listen(): Promise<NodeJS.ProcessEnv> {
    return new Promise((resolve) => {
      this.#server.listen(0, '127.0.0.1', () => {
        const address = this.#server.address()
        const port = typeof address === 'object' && address !== null ? address.port : 0
        this.#files.origin = `http://127.0.0.1:${port}`
        resolve({
          CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${port}`,
          CLOUDFLARE_API_TOKEN: 'any',
          CLOUDFLARE_ACCOUNT_ID: 'acct',
          CI: 'true',
        })
      })
    })
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  #database(key: string): DatabaseSync {
    const found = [...this.databases].find(([name, { id }]) => id === key || name === key)
    if (found === undefined) throw new ApiFailure(404, 7404, 'no such database')
    return found[1].sqlite
  }

  #answer(request: IncomingMessage, text: string): { status: number; body: unknown } {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://stub')
    const call = `${request.method} ${pathname}`
    this.calls.push(call)
    try {
      if (this.failing?.test(call) === true)
        throw new ApiFailure(this.failure.status, this.failure.code, 'made to fail')
      const [pattern, handler] = this.#routes.find(([known]) => known.test(call)) ?? []
      if (handler === undefined) throw new ApiFailure(404, 7003, `the stub does not know ${call}`)
      const result = handler(pattern?.exec(call)?.slice(1) ?? [], text, searchParams)
      const count = Array.isArray(result) ? result.length : 1
      const result_info = { page: 1, per_page: 100, count, total_count: count }
      return { status: 200, body: { success: true, errors: [], messages: [], result, result_info } }
    } catch (thrown) {
      const known = thrown instanceof ApiFailure ? thrown : new ApiFailure(500, 10_001, String(thrown))
      const errors = [{ code: known.code, message: known.message }]
      return { status: known.status, body: { success: false, errors, messages: [], result: null } }
    }
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) if (chunk instanceof Buffer) chunks.push(chunk)
  return Buffer.concat(chunks).toString('latin1')
}
