import type { UserCodeSettings } from '../config/types.ts'

/** How many values one random byte has. */
const BYTE = 256

/** A new user code, every character equally likely (RFC 8628 section 6.1). */
export function makeUserCode({ length, characterSet }: UserCodeSettings): string {
  const even = BYTE - (BYTE % characterSet.length)
  let code = ''
  while (code.length < length) {
    const [byte = BYTE] = crypto.getRandomValues(new Uint8Array(1))
    // Bytes beyond a whole number of sets would favour the first characters.
    if (byte < even) code += characterSet[byte % characterSet.length]
  }
  return code
}

/**
 * A user code as people type it: in small letters, in groups. What cannot be part of a code, by the configured
 * characters, is dropped or raised.
 */
export function readUserCode(typed: string, { characterSet }: UserCodeSettings): string {
  const raised = /[a-z]/.test(characterSet) ? typed : typed.toUpperCase()
  return [...raised]
    .filter((character) => !/[\s-]/.test(character) || characterSet.includes(character))
    .join('')
}

/** Whether a text could be a user code, by its length and characters, grouped or not. */
export function looksLikeUserCode(typed: string, settings: UserCodeSettings): boolean {
  if (typed.length > 2 * settings.length) return false
  const code = [...readUserCode(typed, settings)]
  return (
    code.length === settings.length && code.every((character) => settings.characterSet.includes(character))
  )
}
