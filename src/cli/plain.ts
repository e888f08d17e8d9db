/**
 * Matches characters that a terminal obeys or that hide or turn text: C0 and C1 controls, controls of direction, and the
 * separators of lines. A server's strings may come from a stranger who registered a client.
 */
const UNSAFE = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu

/** Matches such a character, or the beginning or end of a colour (ECMA-48 section 8.3.117). */
const COLOUR_OR_UNSAFE = new RegExp(`${String.fromCharCode(0x1b)}\\[\\d{1,2}m|${UNSAFE.source}`, UNSAFE.flags)

/** Returns a text as one line that a terminal only shows. */
export const plain = (text: string): string =>
  text.toWellFormed().replaceAll(/\s+/gu, ' ').replaceAll(UNSAFE, '')

/** Returns a line of a table, whose spaces stay, as one that a terminal only shows; with colours if it may have them. */
export const shownLine = (line: string, colours: boolean): string =>
  line.toWellFormed().replaceAll(COLOUR_OR_UNSAFE, (found) => (colours && found.length > 1 ? found : ''))

/** Returns a value as JSON in which such characters are escaped, so that nothing is lost. */
export const safeJson = (value: unknown, indent = 0): string =>
  (JSON.stringify(value, null, indent) ?? 'null').replaceAll(UNSAFE, (character) =>
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
