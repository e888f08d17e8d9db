import { createServer } from 'node:http'
import { freePort } from './server.ts'

/** A request that a site got. */
export interface Visit {
  readonly method: string
  readonly url: URL
  /** What was posted as a form; empty for anything else. */
  readonly form: URLSearchParams
  readonly body: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** What a site answers: a status, or a document with its type. */
export interface Answer {
  readonly status?: number
  readonly type?: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** An application's own server, which remembers who asked for what. */
export interface Site {
  /** Scheme, host and port. */
  readonly origin: string
  readonly visits: readonly Visit[]
  /** The next request of a method and path that nobody has taken yet, as soon as it is there. */
  next(method: 'GET' | 'POST', path: string): Promise<Visit>
  stop(): Promise<void>
}

/** Starts a site on a free port of this machine; `answer` may take its time. Without one every page is the same. */
export async function startSite(
  host: 'localhost' | '127.0.0.1',
  answer: (visit: Visit) => Answer | Promise<Answer> = () => ({}),
): Promise<Site> {
  const port = await freePort()
  const origin = `http://${host}:${port}`
  const visits: Visit[] = []
  const untaken: Visit[] = []
  const waiting = new Map<string, ((visit: Visit) => void)[]>()
  const server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks).toString('utf8')
    const isForm = /^application\/x-www-form-urlencoded/.test(request.headers['content-type'] ?? '')
    const visit: Visit = {
      method: request.method ?? '',
      url: new URL(request.url ?? '', origin),
      form: new URLSearchParams(isForm ? body : ''),
      body,
      headers: request.headers,
    }
    visits.push(visit)
    const taker = waiting.get(`${visit.method} ${visit.url.pathname}`)?.shift()
    if (taker === undefined) untaken.push(visit)
    else taker(visit)
    const { status = 200, type = 'text/html', body: text = PAGE, headers } = await answer(visit)
    response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', ...headers }).end(text)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    origin,
    visits,
    next: (method, path) => {
      const at = untaken.findIndex((visit) => visit.method === method && visit.url.pathname === path)
      const [found] = at === -1 ? [] : untaken.splice(at, 1)
      if (found !== undefined) return Promise.resolve(found)
      const key = `${method} ${path}`
      return new Promise((resolve) => waiting.set(key, [...(waiting.get(key) ?? []), resolve]))
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const PAGE = '<!doctype html><html lang="en"><title>Application</title><h1>Application</h1>'
