import { Buffer } from 'node:buffer'
import { JURISDICTIONS } from '../config/residency.ts'
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
const MAX_INLINE_BYTES = 1100

/** The smallest text that is stored by itself, in characters. */
const MIN_APART = 256

/** Stands between what travels of such a text and the digest of what is stored. No query holds it unescaped. */
const STORED = '#'

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

/** A text in a state whose end may be stored by itself. */
export interface Apart<State> {
  /** The text, and how many characters at its end that is. */
  of(state: State): { readonly text: string; readonly tail: number }
  /** Returns the state with another text in its place. */
  replace(state: State, text: string): State
}

/** How a state that is too large for a URL travels. */
interface Bulk<State> {
  /** What is stored by itself, under its digest: sealing the same again stores nothing new. */
  readonly apart?: Apart<State>
  /** Whether the rest goes to a ledger too if it is still too large; else it travels whole. */
  readonly stores?: boolean
}

/**
 * Defines a kind of flow state. A state that is too large for a URL (a consent app's `context` and `session` may have
 * 64 KB) goes to a ledger, and only its digest travels (design section 5). What a stranger sends never does.
 */
export function flowKind<State>(
  kind: EnvelopeKind,
  { write, read }: Format<State>,
  { apart, stores = true }: Bulk<State> = {},
): FlowKind<State> {
  async function shorten(rt: Runtime, state: State, expiresAt: Seconds): Promise<State> {
    const { text = '', tail = 0 } = apart?.of(state) ?? {}
    if (apart === undefined || tail < MIN_APART || fits(write(state))) return state
    // All who seal the same text on one day want it for as long, so that only the first of them writes.
    const keep = seconds(Math.ceil(expiresAt / KEEP_SECONDS + 1) * KEEP_SECONDS)
    const id = await store(rt, text.slice(-tail), keep)
    return apart.replace(state, text.slice(0, -tail) + STORED + id)
  }

  async function restore(rt: Runtime, state: State): Promise<State | undefined> {
    const { text = '' } = apart?.of(state) ?? {}
    const at = text.indexOf(STORED)
    if (apart === undefined || at === -1) return state
    const stored = await fetchStored(rt, text.slice(at + 1))
    return stored === null ? undefined : apart.replace(state, text.slice(0, at) + stored)
  }

  return {
    async urlWith(rt, url, state, expiresAt, parameters) {
      const whole = write(await shorten(rt, state, expiresAt))
      const data =
        !stores || fits(whole)
          ? whole
          : await store(rt, JSON.stringify(whole), after(expiresAt, KEEP_SECONDS))
      return withQuery(url, { ...parameters, [kind]: await rt.envelopes.seal(kind, data, expiresAt) })
    },

    async open(rt, sealed) {
      const opened = await wholeData(rt, await rt.envelopes.open(kind, sealed))
      const state = opened && (await restore(rt, read(opened.data)))
      if (opened === undefined || state === undefined) return undefined
      const expiresAt = opened.expiresAt ?? seconds(0)
      return { state, expired: expiresAt <= nowSeconds(), expiresAt }
    },
  }
}

const fits = (data: readonly unknown[]): boolean =>
  Buffer.byteLength(JSON.stringify(data)) <= MAX_INLINE_BYTES

/** Stores a text in the ledger that is named by its digest, and returns the reference of that. */
async function store(rt: Runtime, data: string, expiresAt: Seconds): Promise<string> {
  const { jurisdiction } = rt.config.residency
  const id = toBase64url(sha256(data))
  await rt.ledgers.call(ownerOf('flow', id, jurisdiction), 'putBlob', { id, data, expiresAt })
  return jurisdiction === 'none' ? id : `${jurisdiction}.${id}`
}

/** Fetches what was stored. In front of the digest is the jurisdiction if the ledger is in one. */
function fetchStored(rt: Runtime, reference: string): Promise<string | null> {
  const [id = '', place = 'none'] = reference.split('.').reverse()
  const jurisdiction = JURISDICTIONS.find((name) => name === place) ?? 'none'
  return rt.ledgers.call(ownerOf('flow', id, jurisdiction), 'getBlob', { id })
}

async function wholeData(rt: Runtime, opened: Opened | undefined): Promise<Opened | undefined> {
  if (typeof opened?.data !== 'string') return opened
  const blob = await fetchStored(rt, opened.data)
  return blob === null ? undefined : { ...opened, data: JSON.parse(blob) }
}
