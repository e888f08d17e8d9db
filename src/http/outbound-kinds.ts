import { publicAddress } from '../config/addresses.ts'
import type { Config } from '../config/types.ts'

/** The bounds of one kind of request to another server. No kind follows redirects. */
export interface OutboundPolicy {
  /** Whether a request may be sent to an address. */
  readonly addresses: (config: Config, url: URL) => boolean
  /** The largest size of the answer's body, bytes. */
  readonly maxBytes: number
  /** The time for all tries together, ms. */
  readonly timeoutMs: number
  /** How often a request without an answer, or with a 5xx answer, is tried while there is time. */
  readonly tries: number
}

const KB = 1024

/** Every kind of request to other servers and its bounds (design section 6). Requests of other kinds cannot be made. */
export const OUTBOUND_KINDS = {
  /** A call to a token hook, while a client waits for its tokens. */
  hook: { addresses: publicAddress, maxBytes: 1024 * KB, timeoutMs: 10_000, tries: 2 },
  /** A back-channel logout token. The ledger retries it later. */
  notice: { addresses: publicAddress, maxBytes: 64 * KB, timeoutMs: 5000, tries: 1 },
  /** The end of a session of the identity provider, by its URL. The ledger retries it later. */
  identity_provider: { addresses: publicAddress, maxBytes: 64 * KB, timeoutMs: 5000, tries: 1 },
  /** The key set of a client. */
  jwks: { addresses: publicAddress, maxBytes: 128 * KB, timeoutMs: 3000, tries: 1 },
  /** A `sector_identifier_uri`. */
  sector: { addresses: publicAddress, maxBytes: 64 * KB, timeoutMs: 5000, tries: 1 },
  /** A `request_uri`. */
  request_object: { addresses: publicAddress, maxBytes: 64 * KB, timeoutMs: 5000, tries: 1 },
} as const satisfies Readonly<Record<string, OutboundPolicy>>

export type OutboundKind = keyof typeof OUTBOUND_KINDS
