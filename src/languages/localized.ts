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

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '')
