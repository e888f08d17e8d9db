import type { UserCodeSettings } from '../config/types.ts'

/** Number of values of a byte. */
const BYTE_VALUES = 256

/** Makes a random user code; every character is equally likely (RFC 8628 section 6.1). */
export function makeUserCode({ length, characterSet }: UserCodeSettings): string {
  const even = BYTE_VALUES - (BYTE_VALUES % characterSet.length)
  let code = ''
  while (code.length < length) {
    const [byte = BYTE_VALUES] = crypto.getRandomValues(new Uint8Array(1))
    // Larger bytes would make the first characters of the set more likely.
    if (byte < even) code += characterSet[byte % characterSet.length]
  }
  return code
}

/**
 * Returns a user code as people read it best: in groups of four, or of three where that divides it evenly. A code that
 * may hold hyphens itself stays as it is.
 */
export function groupUserCode(code: string, { characterSet }: UserCodeSettings): string {
  if (characterSet.includes('-')) return code
  const size = code.length % 4 !== 0 && code.length % 3 === 0 ? 3 : 4
  return (code.match(new RegExp(`.{1,${size}}`, 'gu')) ?? []).join('-')
}

/**
 * Normalises a user code as people type it: makes letters upper case, unless the character set has lower case ones, and
 * drops spaces and hyphens that are not in the set.
 */
export function readUserCode(typed: string, { characterSet }: UserCodeSettings): string {
  const raised = /[a-z]/.test(characterSet) ? typed : typed.toUpperCase()
  return [...raised]
    .filter((character) => !/[\s-]/.test(character) || characterSet.includes(character))
    .join('')
}

/** Whether a text can be a user code, by its length and characters, with or without separators. */
export function looksLikeUserCode(typed: string, settings: UserCodeSettings): boolean {
  if (typed.length > 2 * settings.length) return false
  const code = [...readUserCode(typed, settings)]
  return (
    code.length === settings.length && code.every((character) => settings.characterSet.includes(character))
  )
}
