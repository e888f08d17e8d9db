/**
 * Whether a text is well-formed Unicode without control characters, so that it can be stored, logged and sent as it is.
 */
export const isPlainText = (text: string): boolean => text.isWellFormed() && !/\p{Cc}/u.test(text)

const MAX_NAME = 255

/** Whether a text is a dot segment, which every URL resolves before a server sees it (RFC 3986 section 5.2.4). */
export const isDotSegment = (text: string): boolean => text === '.' || text === '..'

/**
 * Whether a text can name a client, a subject or a key: plain text of 1 to 255 characters (design section 2) that can
 * stand in a path.
 */
export const isName = (text: string): boolean =>
  text !== '' && text.length <= MAX_NAME && isPlainText(text) && !isDotSegment(text)

/**
 * Matches what may stand in a visible text though it is invisible itself: a joiner between letters of scripts that need
 * it or between emoji, and the variation selectors of an emoji (Unicode Standard section 23.2, UTS #51).
 */
const JOINED =
  /(?<=[[\p{L}\p{M}\p{Extended_Pictographic}\p{Emoji_Modifier}\uFE0F]--[\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}]])[\u200C\u200D](?=[[\p{L}\p{M}\p{Extended_Pictographic}]--[\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}]])|(?<=[\p{Extended_Pictographic}#*0-9])[\uFE0E\uFE0F]/gv

/** Matches characters that are not seen, that turn the direction of text, or that break lines. */
const HIDDEN = /[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Zl}\p{Zp}\uFFF9-\uFFFB]/u

/**
 * Whether all of a text is seen by whoever reads it. Controls of direction and invisible characters make one name look
 * like another (Unicode Technical Report 36 section 2).
 */
export const isSeenText = (text: string): boolean => !HIDDEN.test(text.replace(JOINED, ''))
