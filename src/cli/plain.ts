/**
 * Matches characters that a terminal obeys or that hide or turn text: C0 and C1 controls, controls of direction, and the
 * separators of lines. A server's strings may come from a stranger who registered a client.
 */
const UNSAFE = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu

/** Returns a text as one line that a terminal only shows. */
export const plain = (text: string): string =>
  text.toWellFormed().replaceAll(/\s+/gu, ' ').replaceAll(UNSAFE, '')

/** Returns a value as JSON in which such characters are escaped, so that nothing is lost. */
export const safeJson = (value: unknown, indent = 0): string =>
  (JSON.stringify(value, null, indent) ?? 'null').replaceAll(
    /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu,
    (character) =>
      character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
