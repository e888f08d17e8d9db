import { createServer, type Server as HttpServer, type IncomingMessage } from 'node:http'
import { refused, usage } from './failure.ts'

/** A server on this machine to which the browser comes back (RFC 8252 section 7.3). */
export interface Callback {
  /** The parameters of the answer to the request of this `state`. Rejects with CliFailure if it is an error. */
  readonly answer: Promise<URLSearchParams>
  close(): void
}

/** How long the last answer may take to reach the browser, ms. */
const LAST_ANSWER_MS = 500

/** What the targets of requests are relative to. */
const HERE = 'http://127.0.0.1'

/** The most that is read of a posted answer, bytes. */
const LONGEST_FORM = 65_536

/**
 * Listens for an authorization response. What does not carry the state is somebody else's, and changes nothing. Throws
 * CliFailure if the port cannot be used.
 */
export async function listenForAnswer(port: number, state: string, start: string): Promise<Callback> {
  const server = createServer()
  const answer = new Promise<URLSearchParams>((resolve, reject) => {
    server.on('request', async (request, response) => {
      const target = request.url ?? '/'
      const url = new URL(URL.canParse(target, HERE) ? target : '/nothing', HERE)
      if (url.pathname === '/') {
        response.writeHead(302, { location: start }).end()
        return
      }
      const parameters = request.method === 'POST' ? await formOf(request) : url.searchParams
      const ours = url.pathname === '/callback' && parameters.get('state') === state
      response.writeHead(ours ? 200 : 404, {
        'content-type': 'text/plain; charset=utf-8',
        connection: 'close',
      })
      response.end(ours ? DONE : 'There is nothing here.\n')
      if (!ours) return
      const error = parameters.get('error')
      if (error === null) resolve(parameters)
      else reject(refused(`The server answered ${error}: ${parameters.get('error_description') ?? ''}`))
    })
  })
  // It is waited for later; a refusal until then is no unhandled one.
  answer.catch(() => undefined)
  await listening(server, port)
  return {
    answer,
    close: () => {
      server.close()
      // The browser may still read its answer; a connection that it only keeps open must not hold the command.
      setTimeout(() => server.closeAllConnections(), LAST_ANSWER_MS).unref()
    },
  }
}

const DONE = 'Done. You can close this window; the terminal has the rest.\n'

async function formOf(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of request) {
      length += chunk.length
      if (length > LONGEST_FORM) break
      chunks.push(chunk)
    }
  } catch {
    // Whoever posted it went away.
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'))
}

function listening(server: HttpServer, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (thrown: NodeJS.ErrnoException) =>
      reject(usage(`Port ${port} cannot be used (${thrown.code}).`, 'Take another one: --port')),
    )
    server.listen(port, '127.0.0.1', resolve)
  })
}
