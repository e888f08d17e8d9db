import { connect, type Socket } from 'node:net'

/** An answer to a request. Bodies are read as latin1: what is measured is JSON and URLs in ASCII. */
export interface Answer {
  readonly status: number
  /** Status line and headers, as they came. */
  readonly head: string
  readonly body: string
}

interface Waiting {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
}

/** How long an answer may take, ms. */
const ANSWER_WITHIN_MS = 60_000

const HEAD_END = '\r\n\r\n'

/** Offsets of the status in "HTTP/1.1 200 OK". */
const STATUS_FROM = 9
const STATUS_TO = 12

/**
 * One keep-alive connection with one request at a time: just enough HTTP/1.1 (RFC 9112) to read what the measured servers
 * answer, since Node's own client would cost the generator more than most answers cost their server.
 */
export class Line {
  readonly #socket: Socket
  #text = ''
  #waiting: Waiting | undefined
  #closed = false

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => {
      this.#text = this.#text === '' ? chunk : this.#text + chunk
      this.#read()
    })
    socket.setTimeout(ANSWER_WITHIN_MS, () => this.#fail(new Error('The server did not answer in time.')))
    socket.on('error', (error) => this.#fail(error))
    socket.on('end', () => this.#fail(new Error('The server ended the connection.')))
    socket.on('close', () => this.#fail(new Error('The server closed the connection.')))
  }

  /** Connects to a port of this machine. */
  static open(port: number): Promise<Line> {
    const socket = connect(port, '127.0.0.1')
    return new Promise((resolve, reject) => {
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new Line(socket))
      })
    })
  }

  /** Sends a whole request and returns its answer. Rejects if the connection ends before. */
  ask(request: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#socket.write(request, 'latin1')
    })
  }

  /** Whether the server closed it, as it does with connections that rest, or did not answer in time. */
  get closed(): boolean {
    return this.#closed
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(): void {
    const text = this.#text
    const end = text.indexOf(HEAD_END)
    if (end === -1) return
    const head = text.slice(0, end)
    const status = Number(head.slice(STATUS_FROM, STATUS_TO))
    const from = end + HEAD_END.length
    const length = /^content-length: *(\d+)/im.exec(head)?.[1]
    if (length !== undefined || status === 204 || status === 304) {
      const to = from + Number(length ?? 0)
      if (text.length < to) return
      this.#answer({ status, head, body: text.slice(from, to) })
      return
    }
    const body = chunked(text, from)
    if (body !== undefined) this.#answer({ status, head, body })
  }

  #answer(answer: Answer): void {
    this.#text = ''
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.resolve(answer)
  }

  #fail(error: Error): void {
    this.#closed = true
    this.#socket.destroy()
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.reject(error)
  }
}

/** Returns a body in chunks (RFC 9112 section 7.1), or nothing while its end is missing. */
function chunked(text: string, from: number): string | undefined {
  let body = ''
  let at = from
  for (;;) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd === -1) return undefined
    const size = Number.parseInt(text.slice(at, lineEnd), 16)
    if (size === 0) return text.length >= lineEnd + HEAD_END.length ? body : undefined
    const next = lineEnd + 2 + size
    if (text.length < next + 2) return undefined
    body += text.slice(lineEnd + 2, next)
    at = next + 2
  }
}

/** Returns a header of an answer, or undefined. */
export function headerOf({ head }: Answer, name: string): string | undefined {
  const at = head.toLowerCase().indexOf(`\r\n${name}:`)
  if (at === -1) return undefined
  const from = at + name.length + 3
  const end = head.indexOf('\r\n', from)
  return head.slice(from, end === -1 ? undefined : end).trim()
}
