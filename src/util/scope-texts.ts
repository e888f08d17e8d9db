import { isJsonObject } from './json.ts'
import { SCOPE_TOKEN } from './scope.ts'
import { isPlainText, isSeenText } from './text.ts'

/** What a scope allows, in words for users: one text, or one for each language by its tag. */
export type ScopeText = string | Readonly<Record<string, string>>

/** Words for users by scope. */
export type ScopeTexts = Readonly<Record<string, ScopeText>>

/** The largest number of scopes and of languages, and the longest text in characters. */
const MAX_SCOPES = 100
const MAX_LANGUAGES = 30
const MAX_TEXT = 200

const LANGUAGE_TAG = /^[a-z]{2,3}(?:-[a-z0-9]{2,8})*$/i

/** Whether JSON is words for users by scope. Every character of them can be seen. */
export function isScopeTexts(value: unknown): value is ScopeTexts {
  if (!isJsonObject(value)) return false
  const entries = Object.entries(value)
  return (
    entries.length <= MAX_SCOPES &&
    entries.every(([scope, text]) => SCOPE_TOKEN.test(scope) && (isWords(text) || isInLanguages(text)))
  )
}

function isInLanguages(value: unknown): boolean {
  if (!isJsonObject(value)) return false
  const entries = Object.entries(value)
  return (
    entries.length > 0 &&
    entries.length <= MAX_LANGUAGES &&
    entries.every(([tag, text]) => LANGUAGE_TAG.test(tag) && isWords(text))
  )
}

const isWords = (value: unknown): boolean =>
  typeof value === 'string' &&
  value.trim() !== '' &&
  value.length <= MAX_TEXT &&
  isPlainText(value) &&
  isSeenText(value)
