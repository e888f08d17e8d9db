import type { Json, JsonObject } from '../util/json.ts'
import { languageOfTag } from './choose.ts'
import type { Language } from './languages.ts'

/**
 * A text that a client registered, in a language if it is there in that one, such as `client_name#de` (OIDC Registration
 * section 2.1); empty if there is none.
 */
export function localized(client: JsonObject, name: string, language: Language): string {
  const start = `${name}#`
  const own = Object.keys(client).find(
    (member) => member.startsWith(start) && languageOfTag(member.slice(start.length)) === language,
  )
  return textOf(own === undefined ? undefined : client[own]) || textOf(client[name])
}

/** One of the texts of several languages: in this one if there is one, else in English, else the first. */
export function inLanguage(text: string | Readonly<Record<string, string>>, language: Language): string {
  if (typeof text === 'string') return text
  const entries = Object.entries(text)
  const of = (wanted: Language): string | undefined =>
    entries.find(([tag]) => languageOfTag(tag) === wanted)?.[1]
  return of(language) ?? of('en') ?? entries[0]?.[1] ?? ''
}

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '')
