import { publicAddress } from '../config/addresses.ts'
import type { Config } from '../config/types.ts'

/** What holds for every request of one kind to another server. Redirects are followed for none. */
export interface OutboundPolicy {
  /** Whether an address may be asked at. */
  readonly addresses: (config: Config, url: URL) => boolean
  /** Most bytes of an answer's body. */
  readonly maxBytes: number
  /** Milliseconds until the end of the last try. */
  readonly timeoutMs: number
  /** How often it is tried while there is no answer or a 5xx, as long as there is time. */
  readonly tries: number
}

const KB = 1024

/** Why this server asks others, and within which bounds (design section 6): a kind that is not listed cannot be asked for. */
export const OUTBOUND_KINDS = {
  /** A token hook, while a client waits for its tokens. */
  hook: { addresses: publicAddress, maxBytes: 1024 * KB, timeoutMs: 10_000, tries: 2 },
  /** A back-channel logout token; the ledger tries again later. */
  notice: { addresses: publicAddress, maxBytes: 64 * KB, timeoutMs: 5000, tries: 1 },
  /** A client's key set. */
  jwks: { addresses: publicAddress, maxBytes: 128 * KB, timeoutMs: 3000, tries: 1 },
  /** The list of redirect URIs of a sector. */
  sector: { addresses: publicAddress, maxBytes: 64 * KB, timeoutMs: 5000, tries: 1 },
  /** A request object by reference. */
  request_object: { addresses: publicAddress, maxBytes: 64 * KB, timeoutMs: 5000, tries: 1 },
} as const satisfies Readonly<Record<string, OutboundPolicy>>

export type OutboundKind = keyof typeof OUTBOUND_KINDS
