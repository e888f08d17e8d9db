import { Buffer } from 'node:buffer'
import { OAuthError } from '../errors/oauth-error.ts'
import { readAtMost } from './stream.ts'

/**
 * The largest size of a body in bytes, by what an endpoint takes. A form has room for a request object or an ID token
 * hint and its other parameters. `public-json` has room for a client's metadata; it is smaller, because strangers send
 * it and it is parsed before they are authenticated.
 */
const MAX_BYTES = { none: 0, form: 64 * 1024, json: 1024 * 1024, 'public-json': 128 * 1024 } as const

const decoder = new TextDecoder()

/** The most bytes of UTF-8 that a character of a text stands for. */
const MOST_BYTES = 3

/** What an endpoint takes as a body. */
export type BodyClass = keyof typeof MAX_BYTES

/** The body of a request. Handlers can read it only through this class, which applies the bound of the endpoint. */
export class RequestBody {
  readonly #request: Request
  readonly #taken: BodyClass

  /** @param taken - what the endpoint takes */
  constructor(request: Request, taken: BodyClass) {
    this.#request = request
    this.#taken = taken
  }

  /** The Content-Type header. */
  get type(): string | null {
    return this.#request.headers.get('content-type')
  }

  /**
   * Reads the body.
   *
   * @param wanted - what the handler expects
   * @throws `body_too_large` as soon as the bound is passed; TypeError if the endpoint's row says that it takes
   *   something else, which is a bug in this server
   */
  async read(wanted: 'form' | 'json'): Promise<Uint8Array<ArrayBuffer>> {
    const limit = this.#limitFor(wanted)
    const bytes = this.#isStatedWithin(limit)
      ? new Uint8Array(await this.#request.arrayBuffer())
      : await readAtMost(this.#request.body, limit)
    if (bytes === undefined || bytes.byteLength > limit) throw tooLarge(limit)
    return bytes
  }

  /**
   * Reads the body as text in UTF-8, where anything else becomes U+FFFD. Throws as `read`. The platform takes less time
   * for a text than for bytes that are decoded then.
   */
  async readText(wanted: 'form' | 'json'): Promise<string> {
    const limit = this.#limitFor(wanted)
    if (!this.#isStatedWithin(limit)) return decoder.decode(await this.read(wanted))
    const text = await this.#request.text()
    if (text.length > limit || (text.length * MOST_BYTES > limit && fewestBytes(text) > limit))
      throw tooLarge(limit)
    return text
  }

  #limitFor(wanted: 'form' | 'json'): number {
    const isTaken = this.#taken === wanted || (wanted === 'json' && this.#taken === 'public-json')
    if (!isTaken) throw new TypeError(`The endpoint takes ${this.#taken}, not ${wanted}.`)
    return MAX_BYTES[this.#taken]
  }

  /**
   * Whether the body says that it is short enough to be read at once, which costs a third of reading its stream. HTTP
   * cuts a body where its header says; only a Worker of the same account can send a longer one, over a binding, and its
   * size is looked at afterwards. A length that is no number says nothing. Throws `body_too_large` for one that says
   * that it is too long.
   */
  #isStatedWithin(limit: number): boolean {
    const stated = this.#request.headers.get('content-length')
    if (stated === null || !/^\d+$/.test(stated)) return false
    if (Number(stated) > limit) throw tooLarge(limit)
    return true
  }
}

/**
 * The fewest bytes that a text was made of. What was no UTF-8 became U+FFFD, which has three bytes and stands for one or
 * more.
 */
const fewestBytes = (text: string): number => Buffer.byteLength(text.replaceAll('\u{fffd}', '?'))

const tooLarge = (limit: number): OAuthError => new OAuthError('body_too_large', 'body_too_large', { limit })
