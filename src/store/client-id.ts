import { isPlainText } from '../util/text.ts'

const MAX_LENGTH = 255

/** Whether a text may be a client id at all; anything else is unknown without a look into storage. */
export function isClientId(text: string): boolean {
  return text !== '' && text.length <= MAX_LENGTH && isPlainText(text)
}
