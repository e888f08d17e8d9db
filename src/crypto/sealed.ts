import type { Seconds } from '../util/clock.ts'
import type { Envelopes } from './envelope.ts'
import type { EnvelopeKind } from './types.ts'

/** Converts content to the array that is sealed, and back. A `tuple` is one. */
export interface Format<Content> {
  readonly write: (content: Content) => readonly unknown[]
  readonly read: (data: unknown) => Content
}

/** Opened content, and when it expires (seconds since the epoch; null for never). */
export type Expiring<Content> = Content & { readonly expiresAt: Seconds | null }

interface Sealer {
  readonly envelopes: Envelopes
}

/** Seals and opens content as envelopes of one kind. */
export interface Sealed<Content> {
  /**
   * Seals content. The same content and expiry give the same text.
   *
   * @param expiresAt - seconds since the epoch; null for never
   */
  seal(rt: Sealer, content: Content, expiresAt: Seconds | null): Promise<string>

  /** Opens a text, with or without its prefix; `undefined` if it is not such a text. Does not check the expiry. */
  open(rt: Sealer, text: string): Promise<Expiring<Content> | undefined>
}

/**
 * Defines a kind of sealed text.
 *
 * @param prefix - what the text begins with, so that people and scanners recognise it
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
