import { invalidRequest } from '../errors/oauth-error.ts'
import { fromBase64url, toBase64url } from '../util/base64url.ts'
import { BoundedMap } from '../util/bounded-map.ts'
import { type Seconds, seconds } from '../util/clock.ts'
import { type AeadParameters, aeadOpen, aeadSeal, NONCE_BYTES } from './aead.ts'
import { ROOT_KEY_ID_BYTES, type RootKey } from './root-key.ts'
import type { RootKeys } from './root-keys.ts'
import type { EnvelopeKind, Opened } from './types.ts'

/**
 * The format that this release writes. A release reads a new format before the next one writes it (design section 5).
 */
const VERSION = 1

const NONCE_AT = 1 + ROOT_KEY_ID_BYTES
const HEAD_BYTES = NONCE_AT + NONCE_BYTES

/** Longest envelope, in characters: the platform's limit for a URL. */
export const MAX_ENVELOPE_LENGTH = 16_384

/** How many opened envelopes are remembered, and how long they may be together, in characters. */
const MAX_REMEMBERED = 2000
const MAX_REMEMBERED_LENGTH = 1024 * 1024

/** The kind that holds private keys, which is never remembered. The key ring keeps those that it needs. */
const KEY_MATERIAL: EnvelopeKind = 'signing_key'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Seals and opens envelopes, the form of everything that Ladon hands out and takes back (design sections 1 and 5).
 *
 * The text is `base64url(head).base64url(box)`. The head is one version byte, the root key's id (6 bytes) and the nonce
 * (24 bytes). The box is AES-256-GCM, as in `aead.ts`, over the UTF-8 JSON `[expiresAt, data]`, with version and kind
 * as associated data. Its key is derived from the named root key for the kind, so one kind never opens as another.
 *
 * The nonce is synthetic: HMAC-SHA-256 over kind and plaintext under a second derived key, cut to 24 bytes. So the same
 * content under the same root key always gives the same envelope, and nothing has to be stored for that: a repeated
 * consent verifier gives the same code, and concurrent refreshes of one token give the same successor. Different
 * plaintexts get different nonces, even if the random generator fails. Two envelopes only reveal whether their contents
 * are equal; content that must not reveal that contains a random id.
 */
export class Envelopes {
  readonly #roots: RootKeys
  /**
   * The content of envelopes that opened, by kind and text: an API asks about one token again and again, and a flow
   * comes back step by step. Root keys never change, so what opened always will.
   */
  readonly #opened = new BoundedMap<Opened>(MAX_REMEMBERED, MAX_REMEMBERED_LENGTH)

  constructor(roots: RootKeys) {
    this.#roots = roots
  }

  /**
   * Seals JSON data.
   *
   * @param expiresAt - seconds since the epoch, null for never; it is sealed with the data, and the reader checks it
   * @throws `invalid_request` if the result would be too long for a URL
   */
  async seal(kind: EnvelopeKind, data: unknown, expiresAt: Seconds | null): Promise<string> {
    const root = await this.#roots.current()
    // The kinds are ASCII, so the plaintext begins after as many bytes.
    const labelled = encoder.encode(`${kind}\0${JSON.stringify([expiresAt, data])}`)
    const mac = await root.derive(constantsOf(kind).nonce).sign(labelled)
    const nonce = mac.subarray(0, NONCE_BYTES)
    const box = await aeadSeal(parameters(root, kind, nonce), labelled.subarray(kind.length + 1))
    const text = `${toBase64url(headOf(root, nonce))}.${toBase64url(box)}`
    if (text.length > MAX_ENVELOPE_LENGTH) {
      throw invalidRequest('request_too_long', { limit: 'what can be carried along' })
    }
    return text
  }

  /**
   * Opens an envelope of one kind. Returns `undefined`, without a storage read, for any text that is not such an
   * envelope. Does not check the expiry.
   *
   * @throws `temporarily_unavailable` if the root key may be a new one and the source of root keys cannot be asked
   */
  async open(kind: EnvelopeKind, text: string): Promise<Opened | undefined> {
    if (text.length > MAX_ENVELOPE_LENGTH) return undefined
    return this.#opened.get(`${kind} ${text}`) ?? this.#openNew(kind, text)
  }

  async #openNew(kind: EnvelopeKind, text: string): Promise<Opened | undefined> {
    const [head, box, ...rest] = text.split('.', 3).map(fromBase64url)
    if (head === undefined || box === undefined || rest.length > 0) return undefined
    if (head.byteLength !== HEAD_BYTES || head[0] !== VERSION) return undefined
    const root = await this.#roots.byId(toBase64url(head.subarray(1, NONCE_AT)))
    if (root === undefined) return undefined
    const plain = await aeadOpen(parameters(root, kind, head.subarray(NONCE_AT)), box)
    const opened = plain && toOpened(plain)
    if (opened === undefined || kind === KEY_MATERIAL) return opened
    // The same text, but made anew: a part of a request would keep all of that in memory.
    const name = `${kind} ${toBase64url(head)}.${toBase64url(box)}`
    this.#opened.set(name, opened, name.length)
    return opened
  }

  /**
   * Says where a text that does not open, or not as expected, was sealed, by its head alone: `here`, under a root key
   * of this installation, so that the rest is altered or cut off; `elsewhere`, or `undefined` if it is no envelope.
   * Throws like `open`.
   */
  async originOf(text: string): Promise<'here' | 'elsewhere' | undefined> {
    if (text.length > MAX_ENVELOPE_LENGTH) return undefined
    const head = fromBase64url(text.split('.', 1)[0] ?? '')
    if (head?.byteLength !== HEAD_BYTES || head[0] !== VERSION) return undefined
    const root = await this.#roots.byId(toBase64url(head.subarray(1, NONCE_AT)))
    return root === undefined ? 'elsewhere' : 'here'
  }
}

function headOf(root: RootKey, nonce: Uint8Array): Uint8Array {
  const head = new Uint8Array(HEAD_BYTES)
  head[0] = VERSION
  head.set(root.idBytes, 1)
  head.set(nonce, NONCE_AT)
  return head
}

function parameters(root: RootKey, kind: EnvelopeKind, nonce: Uint8Array): AeadParameters {
  const { key, associated } = constantsOf(kind)
  return { key: root.derive(key), nonce, associated }
}

/** What is the same for all envelopes of a kind: the purposes of its keys, and its associated data. */
interface KindConstants {
  readonly nonce: string
  readonly key: string
  readonly associated: Uint8Array
}

const constants = new Map<EnvelopeKind, KindConstants>()

function constantsOf(kind: EnvelopeKind): KindConstants {
  const known = constants.get(kind)
  if (known !== undefined) return known
  const made = {
    nonce: `ladon envelope-nonce ${VERSION} ${kind}`,
    key: `ladon envelope ${VERSION} ${kind}`,
    associated: encoder.encode(String.fromCharCode(VERSION) + kind),
  }
  constants.set(kind, made)
  return made
}

function toOpened(plain: Uint8Array): Opened | undefined {
  const content: unknown = JSON.parse(decoder.decode(plain))
  if (!Array.isArray(content) || content.length !== 2) return undefined
  const [expiresAt, data]: readonly unknown[] = content
  if (expiresAt === null) return { expiresAt, data }
  return typeof expiresAt === 'number' ? { expiresAt: seconds(expiresAt), data } : undefined
}
