import { OAuthError } from '../errors/oauth-error.ts'
import { readAtMost } from './stream.ts'

/**
 * Most bytes of a body, by what an endpoint takes. A form has room for a request object or an ID token hint beside all
 * else, JSON from strangers for a client's metadata: parsing costs before anything is known of them.
 */
const MAX_BYTES = { none: 0, form: 64 * 1024, json: 1024 * 1024, 'public-json': 128 * 1024 } as const

/** What an endpoint takes as a body. */
export type BodyClass = keyof typeof MAX_BYTES

/** The body of a request, within the bound of its endpoint: the only way to it. */
export class RequestBody {
  readonly #request: Request
  readonly #taken: BodyClass

  /** @param taken - what the endpoint takes */
  constructor(request: Request, taken: BodyClass) {
    this.#request = request
    this.#taken = taken
  }

  /** The Content-Type as it was sent. */
  get type(): string | null {
    return this.#request.headers.get('content-type')
  }

  /**
   * Reads the body, which is `wanted`; throws `body_too_large` without reading further.
   *
   * @throws TypeError where the endpoint's row says that it takes something else: a slip of ours, no request's fault
   */
  async read(wanted: 'form' | 'json'): Promise<Uint8Array<ArrayBuffer>> {
    const isTaken = this.#taken === wanted || (wanted === 'json' && this.#taken === 'public-json')
    if (!isTaken) throw new TypeError(`The endpoint takes ${this.#taken}, not ${wanted}.`)
    const limit = MAX_BYTES[this.#taken]
    const { headers, body } = this.#request
    const length = Number(headers.get('content-length') ?? 0)
    const bytes = length > limit ? undefined : await readAtMost(body, limit)
    if (bytes === undefined) throw new OAuthError('body_too_large', 'body_too_large', { limit })
    return bytes
  }
}
