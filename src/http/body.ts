import { OAuthError } from '../errors/oauth-error.ts'
import { readAtMost } from './stream.ts'

/** Most bytes of a body, by what an endpoint takes; a form has room for a request object or an ID token hint beside all else. */
const MAX_BYTES = { none: 0, form: 64 * 1024, json: 1024 * 1024 } as const

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
  async read(wanted: Exclude<BodyClass, 'none'>): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#taken !== wanted) throw new TypeError(`The endpoint takes ${this.#taken}, not ${wanted}.`)
    const limit = MAX_BYTES[wanted]
    const { headers, body } = this.#request
    const length = Number(headers.get('content-length') ?? 0)
    const bytes = length > limit ? undefined : await readAtMost(body, limit)
    if (bytes === undefined) throw new OAuthError('body_too_large', 'body_too_large', { limit })
    return bytes
  }
}
