/**
 * Whether a text is well-formed Unicode without control characters, so that it can be stored, logged and sent as it is.
 */
export const isPlainText = (text: string): boolean => text.isWellFormed() && !/\p{Cc}/u.test(text)

const MAX_NAME = 255

/** Whether a text can name a client or a subject: plain text of 1 to 255 characters (design section 2). */
export const isName = (text: string): boolean => text !== '' && text.length <= MAX_NAME && isPlainText(text)
