import type { Format } from '../crypto/sealed.ts'
import type { EnvelopeKind, Opened } from '../crypto/types.ts'
import { withQuery } from '../http/location.ts'
import { ownerOf } from '../ledger/owner.ts'
import type { Runtime } from '../runtime.ts'
import { toBase64url } from '../util/base64url.ts'
import { after, nowSeconds, type Seconds, seconds } from '../util/clock.ts'
import { sha256 } from '../util/digest.ts'

/**
 * Maximum size of a flow state that travels in the URL, in bytes of JSON: keeps every redirect under 2,000 characters.
 */
export const MAX_INLINE_BYTES = 1100

/**
 * How much longer than its flow a state in a ledger is kept, in seconds: an expired flow must still name its request.
 */
const KEEP_SECONDS = seconds(24 * 3600)

/** An opened flow state. An `expired` one still names its request, so that the flow can start again. */
export interface OpenedFlow<State> {
  readonly state: State
  readonly expired: boolean
  readonly expiresAt: Seconds
}

/** One kind of sealed state that flows carry from one redirect to the next. */
export interface FlowKind<State> {
  /**
   * Builds a URL that carries the state in the parameter with the name of its kind, until `expiresAt` (seconds since
   * the epoch).
   */
  urlWith(
    rt: Runtime,
    url: string,
    state: State,
    expiresAt: Seconds,
    parameters?: Readonly<Record<string, string>>,
  ): Promise<string>

  /**
   * Opens a state from such a URL; `undefined`, without a storage read, for anything that was not sealed here as this
   * kind. Throws `server_error` for content of another format: only we can have sealed it.
   */
  open(rt: Runtime, sealed: string): Promise<OpenedFlow<State> | undefined>
}

/**
 * Defines a kind of flow state. A state that is too large for a URL (a consent app's `context` and `session` may have
 * 64 KB) goes to a ledger, and only its digest travels (design section 5).
 *
 * @param maxInline - largest state that travels in the URL, in bytes of JSON
 */
export function flowKind<State>(
  kind: EnvelopeKind,
  { write, read }: Format<State>,
  maxInline: (state: State) => number = () => MAX_INLINE_BYTES,
): FlowKind<State> {
  return {
    async urlWith(rt, url, state, expiresAt, parameters) {
      const data = await inlineData(rt, write(state), expiresAt, maxInline(state))
      return withQuery(url, { ...parameters, [kind]: await rt.envelopes.seal(kind, data, expiresAt) })
    },

    async open(rt, sealed) {
      const opened = await wholeData(rt, await rt.envelopes.open(kind, sealed))
      if (opened === undefined) return undefined
      const expiresAt = opened.expiresAt ?? seconds(0)
      return { state: read(opened.data), expired: expiresAt <= nowSeconds(), expiresAt }
    },
  }
}

async function inlineData(
  rt: Runtime,
  data: readonly unknown[],
  expiresAt: Seconds,
  maxInline: number,
): Promise<unknown> {
  const text = JSON.stringify(data)
  const bytes = new TextEncoder().encode(text)
  if (bytes.byteLength <= maxInline) return data
  const id = toBase64url(sha256(bytes))
  const blob = { id, data: text, expiresAt: after(expiresAt, KEEP_SECONDS) }
  await rt.ledgers.call(ownerOf('flow', id), 'putBlob', blob)
  return id
}

async function wholeData(rt: Runtime, opened: Opened | undefined): Promise<Opened | undefined> {
  if (typeof opened?.data !== 'string') return opened
  const blob = await rt.ledgers.call(ownerOf('flow', opened.data), 'getBlob', { id: opened.data })
  return blob === null ? undefined : { ...opened, data: JSON.parse(blob) }
}
