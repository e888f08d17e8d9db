const MAX_LENGTH = 255

/** C0 and C1 control characters, and DEL. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the purpose
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/

/** Whether a text can be stored and logged as it is: well-formed Unicode without control characters. */
export const isPlainText = (text: string): boolean => text.isWellFormed() && !CONTROL.test(text)

/** Whether a text may be a client id at all; anything else is unknown without a look into storage. */
export function isClientId(text: string): boolean {
  return text !== '' && text.length <= MAX_LENGTH && isPlainText(text)
}
