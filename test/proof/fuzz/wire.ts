import { connect, type Socket } from 'node:net'

/** A request byte by byte, so that it may be one that no client library would send. */
export interface RawRequest {
  readonly method: string
  readonly target: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer | null
  readonly chunked: boolean
}

/** What came back. */
export interface Answer {
  readonly status: number
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string
}

/** No whole answer came: the connection was dropped, or nothing was said in time. */
export class NoAnswer extends Error {}

const ANSWER_WITHIN_MS = 20_000
const END = Buffer.from('\r\n\r\n')

/** The bytes of a request (RFC 9112). Header values are bytes in Latin-1. */
export function bytesOf({ method, target, headers, body, chunked }: RawRequest): Buffer {
  const framing = chunked
    ? [['transfer-encoding', 'chunked'] as const]
    : body === null
      ? []
      : [['content-length', String(body.length)] as const]
  const lines = [...headers, ...framing].map(([name, value]) => `${name}: ${value}`)
  const head = Buffer.from(`${[`${method} ${target} HTTP/1.1`, ...lines].join('\r\n')}\r\n\r\n`, 'latin1')
  if (body === null) return head
  if (!chunked) return Buffer.concat([head, body])
  const size = Buffer.from(`${body.length.toString(16)}\r\n`)
  const last = Buffer.from('\r\n0\r\n\r\n')
  return Buffer.concat(body.length === 0 ? [head, Buffer.from('0\r\n\r\n')] : [head, size, body, last])
}

/** A connection that carries one request at a time, and is made anew when the server closed it. */
export class Wire {
  readonly #port: number
  #socket: Socket | undefined

  constructor(port: number) {
    this.#port = port
  }

  /** Sends a request and returns its answer. Throws `NoAnswer` if there is none. */
  send(request: RawRequest): Promise<Answer> {
    const socket = this.#socket ?? this.#open()
    return new Promise((resolve, reject) => {
      let received: Buffer = Buffer.alloc(0)
      const finish = (result: Answer | NoAnswer, closed: boolean): void => {
        clearTimeout(late)
        socket.removeAllListeners('data').removeAllListeners('close').removeAllListeners('error')
        socket.on('error', () => {})
        if (closed) {
          socket.destroy()
          this.#socket = undefined
        }
        if (result instanceof NoAnswer) reject(result)
        else resolve(result)
      }
      const late = setTimeout(() => finish(new NoAnswer('no answer in time'), true), ANSWER_WITHIN_MS)
      socket.on('data', (chunk: Buffer) => {
        received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
        const answer = parse(received, request.method === 'HEAD')
        if (answer !== undefined) finish(answer, wantsClose(answer) || !answer.framed)
      })
      socket.on('close', () => {
        // A body without a length ends with the connection.
        const answer = parse(received, request.method === 'HEAD', true)
        finish(answer ?? new NoAnswer(`dropped after ${received.length} bytes`), true)
      })
      socket.on('error', () => {})
      socket.write(bytesOf(request))
    })
  }

  close(): void {
    this.#socket?.destroy()
  }

  #open(): Socket {
    const socket = connect(this.#port, '127.0.0.1')
    socket.setNoDelay(true)
    this.#socket = socket
    return socket
  }
}

/** The values of a header, by its name in lower case. */
export const headerOf = ({ headers }: Pick<Answer, 'headers'>, name: string): readonly string[] =>
  headers.filter(([own]) => own === name).map(([, value]) => value)

const wantsClose = (answer: Answer): boolean => headerOf(answer, 'connection').includes('close')

/** Reads an answer; undefined as long as some of it is missing. */
function parse(
  bytes: Buffer,
  isHead: boolean,
  closed = false,
): (Answer & { readonly framed: boolean }) | undefined {
  const end = bytes.indexOf(END)
  if (end < 0) return undefined
  const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1])
  const rest = bytes.subarray(end + END.length)
  if (status >= 100 && status < 200) return parse(rest, isHead, closed)
  const headers = lines.map((line): [string, string] => {
    const at = line.indexOf(':')
    return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()]
  })
  const made = (body: Buffer, framed = true) => ({ status, headers, body: body.toString('utf8'), framed })
  if (isHead || status === 204 || status === 304) return made(Buffer.alloc(0))
  if (headerOf({ headers }, 'transfer-encoding').includes('chunked')) {
    const body = unchunk(rest)
    return body === undefined ? undefined : made(body)
  }
  const [length] = headerOf({ headers }, 'content-length')
  if (length === undefined) return closed ? made(rest, false) : undefined
  return rest.length < Number(length) ? undefined : made(rest.subarray(0, Number(length)))
}

/** The content of a chunked body; undefined if it is not whole. */
function unchunk(bytes: Buffer): Buffer | undefined {
  const parts: Buffer[] = []
  let at = 0
  for (;;) {
    const end = bytes.indexOf('\r\n', at)
    if (end < 0) return undefined
    const size = Number.parseInt(bytes.subarray(at, end).toString('latin1'), 16)
    const start = end + 2
    if (bytes.length < start + size + 2) return undefined
    if (size === 0) return Buffer.concat(parts)
    parts.push(bytes.subarray(start, start + size))
    at = start + size + 2
  }
}
