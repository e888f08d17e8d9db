import { readHeaderLines } from '../util/header-lines.ts'
import { isJsonObject, type JsonObject } from '../util/json.ts'
import { type Answer, refusalOf } from './answer.ts'
import { isThisMachine, requirePrivate } from './confidential.ts'
import { CliFailure, usage } from './failure.ts'
import type { GlobalValues } from './flags.ts'
import { plain } from './plain.ts'
import type { Terminal } from './terminal.ts'

/** How long an answer may take, seconds: of a server that has not answered yet, or to a question. */
const ANSWER_WITHIN_SECONDS = 5
/** How long a change may take, seconds: a server that answers may need its time to make a key. */
const CHANGE_WITHIN_SECONDS = 30

/** One request. */
export interface ServerCall {
  readonly method?: string
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly headers?: Readonly<Record<string, string>>
  /** Whether nothing is changed by it though it is no GET. */
  readonly isQuestion?: boolean
  /** Whether a key among the user's headers stays away. */
  readonly bare?: boolean
  /** Sent as JSON. */
  readonly json?: unknown
  /** Sent as a form. */
  readonly form?: Readonly<Record<string, string>> | URLSearchParams
}

/** A Ladon, or a Hydra, as the command reaches it. */
export class Server {
  /** The issuer's address without a slash at the end. */
  readonly base: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #adminKey: string | undefined
  readonly #withinSeconds: number | undefined
  #answers = false
  readonly #warn: (warning: string) => void

  constructor(
    base: string,
    options: {
      readonly headers: Readonly<Record<string, string>>
      readonly adminKey: string | undefined
      readonly withinSeconds: number | undefined
      readonly warn: (warning: string) => void
    },
  ) {
    this.base = base
    this.#headers = lowerCased(options.headers)
    this.#adminKey = options.adminKey
    this.#withinSeconds = options.withinSeconds
    this.#warn = options.warn
  }

  /** Whether there is a key for the admin API. A proxy may add its own by a header. */
  get hasKey(): boolean {
    return this.#adminKey !== undefined || 'authorization' in this.#headers
  }

  /**
   * Calls the admin API and returns the answer, whatever its status. A key that the user gives by a header counts, as
   * with Hydra's command. Throws CliFailure with code 3 without an answer.
   */
  async admin(path: string, call: ServerCall = {}): Promise<Answer> {
    const isGiven = this.#adminKey === undefined || 'authorization' in this.#headers
    const key = isGiven ? {} : { authorization: `Bearer ${this.#adminKey}` }
    return this.send(`/admin${path}`, { ...call, headers: { ...key, ...call.headers } })
  }

  /**
   * Sends a request to a path or an address; redirects are not followed, and headers of the user go to the server alone.
   * Throws CliFailure with code 3 if there is no answer in time.
   */
  async send(
    path: string,
    { method, query = {}, headers = {}, bare = false, json, form, ...call }: ServerCall = {},
  ): Promise<Answer> {
    const address = new URL(path.startsWith('/') ? this.base + path : path)
    const isOwn = address.origin === new URL(this.base).origin
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) address.searchParams.set(name, value)
    const body = json === undefined ? form && new URLSearchParams(form) : JSON.stringify(json)
    const used = method ?? (body === undefined ? 'GET' : 'POST')
    const isQuestion = call.isQuestion ?? used === 'GET'
    // What is not there is found out in the short time, before anything is changed.
    if (!isQuestion && isOwn && !this.#answers) await this.send('/health/alive')
    const seconds = this.#withinSeconds ?? (isQuestion ? ANSWER_WITHIN_SECONDS : CHANGE_WITHIN_SECONDS)
    const init = {
      method: used,
      headers: {
        accept: 'application/json',
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...(isOwn && (bare ? withoutKey(this.#headers) : this.#headers)),
        ...headers,
      },
      redirect: 'manual',
      ...(body !== undefined && { body }),
    } as const
    const answer = await answerTo(address, init, seconds)
    if (isOwn) this.#answers = true
    const warning = answer.headers.get('ladon-warning')
    if (warning !== null) this.#warn(warning)
    return answer
  }

  /** Calls the admin API for a JSON value. Throws CliFailure if the server refuses. */
  async ask(path: string, call: ServerCall = {}): Promise<unknown> {
    return (await this.answered(path, call)).json
  }

  /** As `ask`, for a JSON object. */
  async object(path: string, call: ServerCall = {}): Promise<JsonObject> {
    const { json } = await this.answered(path, call)
    if (!isJsonObject(json)) throw new CliFailure(1, `The answer of ${this.base} is no JSON object.`)
    return json
  }

  /** As `ask`, with the headers of the answer. */
  async answered(
    path: string,
    call: ServerCall = {},
  ): Promise<{ readonly json: unknown; readonly headers: Headers }> {
    return accepted(await this.admin(path, call), this.hasKey)
  }
}

/** Sends a request and reads its answer. Throws CliFailure with code 3 if there is none in time. */
async function answerTo(
  address: URL,
  init: RequestInit & { readonly method: string },
  seconds: number,
): Promise<Answer> {
  try {
    const response = await fetch(address, { ...init, signal: AbortSignal.timeout(seconds * 1000) })
    return { status: response.status, headers: response.headers, text: await response.text() }
  } catch (thrown) {
    throw unreachable(address.origin, thrown, init.method, seconds)
  }
}

/** Returns what an answer holds. Throws CliFailure if it is a refusal. */
function accepted(answer: Answer, hasKey: boolean): { readonly json: unknown; readonly headers: Headers } {
  const refusal = refusalOf(answer, hasKey)
  if (refusal !== undefined) throw refusal
  return { json: answer.text === '' ? undefined : JSON.parse(answer.text), headers: answer.headers }
}

const lowerCased = (headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

const withoutKey = (headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'authorization'))

function unreachable(origin: string, thrown: unknown, method: string, seconds: number): CliFailure {
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown
  const late = thrown instanceof Error && thrown.name === 'TimeoutError'
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  // The message may repeat a header or the address.
  const why = late ? `in ${seconds} s` : code || 'it failed'
  const unsure =
    late && method !== 'GET' ? ' What was asked for may have been done: look before you repeat it.' : ''
  return new CliFailure(3, `No answer from ${origin}${late ? ' ' : ': '}${why}.${unsure}`, {
    fix:
      FIXES[code] ??
      'Check the address (-e), whether the server runs, and the way to it. "ladon doctor" looks closer.',
  })
}

const FIXES: Readonly<Record<string, string>> = {
  ENOTFOUND: 'There is no such host: check the address (-e), or its DNS records.',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'Its certificate is its own: for a server on this machine, --skip-tls-verify.',
  SELF_SIGNED_CERT_IN_CHAIN: 'A certificate on the way is self-signed: name its file in NODE_EXTRA_CA_CERTS.',
  CERT_HAS_EXPIRED: 'The certificate of the server has expired: renew it.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'The certificate is for another name: use that name, or get one for this.',
}

/** Returns the server that flags and environment name. Throws CliFailure if they name none, or would show the key. */
export function serverOf(globals: Partial<GlobalValues>, terminal: Pick<Terminal, 'env' | 'err'>): Server {
  const { env } = terminal
  const warn = (warning: string): void => terminal.err(`Warning: ${plain(warning)}`)
  const own = firstOf(globals.endpoint, env['LADON_URL'])
  const address = baseOf(own ?? firstOf(env['ORY_SDK_URL']))
  const headers = headersOf(globals['http-header'] ?? [], env)
  const key = adminKeyOf(env)
  if (key !== undefined && own === undefined)
    warn(`ORY_SDK_URL may be of another tool: LADON_ADMIN_KEY is not sent to ${address.host}. Set LADON_URL.`)
  const adminKey = own === undefined ? undefined : key
  if (adminKey !== undefined || Object.keys(headers).length > 0)
    requirePrivate(address, 'The key and your headers are')
  if (globals['skip-tls-verify']) {
    if (!isThisMachine(address.hostname))
      throw usage(
        '--skip-tls-verify is for a server on this machine: elsewhere it would show the key to anybody.',
      )
    // Node warns of it by itself, on the standard error.
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
  }
  const base = address.href.replace(/\/+$/, '')
  return new Server(base, { headers, adminKey, withinSeconds: secondsOf(globals.timeout), warn })
}

/** Returns the address of the issuer. Throws CliFailure for another text, which is not repeated. */
function baseOf(given: string | undefined): URL {
  if (given === undefined)
    throw usage('No server is named.', 'Give its address: -e https://login.example.com, or set LADON_URL.')
  if (!/^https?:\/\//i.test(given) || !URL.canParse(given))
    throw usage(
      'The address of the server is no URL that begins with http:// or https://.',
      'Check -e or LADON_URL.',
    )
  const address = new URL(given)
  if (address.username !== '' || address.password !== '' || /[?#]/.test(given))
    throw usage(
      'The address of the server has a user, password, query or fragment.',
      'Give scheme, host and path. For what stands before the server there is -H.',
    )
  return address
}

/** What a header may be made of, as `fetch` sends it (RFC 9110 sections 5.1 and 5.5). */
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/
const HEADER_VALUE = /^[\t\x20-\x7e\xa0-\xff]*$/

function headersOf(given: readonly string[], env: Terminal['env']): Readonly<Record<string, string>> {
  const headers = readHeaderLines([...(env['LADON_HEADERS'] ?? '').split('\n'), ...given])
  if (headers === undefined) throw usage("A header is none: -H and LADON_HEADERS need 'Name: value'.")
  if (Object.entries(headers).some(([name, value]) => !HEADER_NAME.test(name) || !HEADER_VALUE.test(value)))
    throw usage('A header of -H or LADON_HEADERS has characters that headers cannot have.')
  return headers
}

function adminKeyOf(env: Terminal['env']): string | undefined {
  const key = firstOf(env['LADON_ADMIN_KEY']?.trim())
  if (key !== undefined && !HEADER_VALUE.test(key))
    throw usage(
      'LADON_ADMIN_KEY has characters that a header cannot have.',
      'Is there more than one line in it?',
    )
  return key
}

const firstOf = (...texts: readonly (string | undefined)[]): string | undefined =>
  texts.find((text) => text !== undefined && text !== '')

function secondsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const seconds = Number(text)
  if (!(seconds > 0 && seconds <= 600)) throw usage('--timeout takes seconds, at most 600.')
  return seconds
}
