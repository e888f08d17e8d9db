import { createServer } from 'node:http'

/** How long a notice may take, milliseconds: the first try leaves right after the logout. */
const NOTICE_WITHIN_MS = 15_000

/** Where logout tokens arrive on this machine. */
export interface SmokeReceiver {
  /** Resolves with the first logout token; `undefined` if none came in time. */
  readonly token: Promise<string | undefined>
  close(): void
}

/** Listens for a back-channel logout notice (OpenID Connect Back-Channel Logout 1.0 section 2.5) on a port. */
export async function startReceiver(port: number): Promise<SmokeReceiver> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (chunk: string) => {
      if (body.length < 10_000) body += chunk
    })
    request.on('end', () => {
      response.writeHead(200).end()
      const token = new URLSearchParams(body).get('logout_token')
      if (token !== null) resolve(token)
    })
  })
  await new Promise<void>((listening, failed) => {
    server.once('error', failed)
    server.listen(port, '127.0.0.1', listening)
  })
  return {
    get token() {
      const late = setTimeout(() => resolve(undefined), NOTICE_WITHIN_MS)
      return promise.finally(() => clearTimeout(late))
    },
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
