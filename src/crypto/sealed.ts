import type { Seconds } from '../util/clock.ts'
import type { Envelopes } from './envelope.ts'
import type { EnvelopeKind } from './types.ts'

/** How content becomes the array that is sealed, and again what it was; a `tuple` is one. */
export interface Format<Content> {
  readonly write: (content: Content) => readonly unknown[]
  readonly read: (data: unknown) => Content
}

/** What was opened, and when it stops being good (seconds since the epoch; null never). */
export type Expiring<Content> = Content & { readonly expiresAt: Seconds | null }

interface Sealer {
  readonly envelopes: Envelopes
}

/** What is handed out and taken back as envelopes of one kind. */
export interface Sealed<Content> {
  /** Seals content, good until `expiresAt` (seconds since the epoch; null for ever). The same content gives the same text. */
  seal(rt: Sealer, content: Content, expiresAt: Seconds | null): Promise<string>

  /** Opens a text, with or without prefix; `undefined` when it is none of ours. Expiry is not judged. */
  open(rt: Sealer, text: string): Promise<Expiring<Content> | undefined>
}

/**
 * Defines a kind of sealed text.
 *
 * @param prefix - what the text begins with, for whoever finds it somewhere
 */
export function sealed<Content>(
  kind: EnvelopeKind,
  { write, read }: Format<Content>,
  prefix = '',
): Sealed<Content> {
  return {
    async seal({ envelopes }, content, expiresAt) {
      return prefix + (await envelopes.seal(kind, write(content), expiresAt))
    },

    async open({ envelopes }, text) {
      const opened = await envelopes.open(kind, text.startsWith(prefix) ? text.slice(prefix.length) : text)
      return opened && { ...read(opened.data), expiresAt: opened.expiresAt }
    },
  }
}
