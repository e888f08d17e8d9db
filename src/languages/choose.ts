import { LANGUAGES, type Language } from './languages.ts'

/** How many ranges of a header are looked at. Anybody may send any number. */
const MAX_WISHES = 30

/**
 * Returns the language of a page: the first of `ui_locales` that there is (OIDC Core section 3.1.2.1), else the one that
 * the browser prefers (RFC 9110 section 12.5.4), else English. Regions do not matter.
 */
export function chooseLanguage(uiLocales: readonly string[], acceptLanguage: string): Language {
  return known(uiLocales) ?? known(preferred(acceptLanguage)) ?? 'en'
}

/** The language of a tag, whatever its region and script; `undefined` if pages are not in it. */
export function languageOfTag(tag: string): Language | undefined {
  const [primary = ''] = tag.toLowerCase().split('-', 1)
  return LANGUAGES.find((language) => language === primary)
}

function known(tags: readonly string[]): Language | undefined {
  for (const tag of tags) {
    const language = languageOfTag(tag)
    if (language !== undefined) return language
  }
  return undefined
}

/** The tags of an `Accept-Language` header, the most wanted first. Those of weight 0 are left out. */
function preferred(header: string): readonly string[] {
  return header
    .split(',', MAX_WISHES)
    .map((range) => {
      const [tag = '', ...parameters] = range.split(';').map((part) => part.trim())
      const weight = parameters.find((parameter) => /^q=/i.test(parameter))?.slice(2)
      return { tag, weight: weight === undefined ? 1 : Number(weight) }
    })
    .filter(({ weight }) => weight > 0)
    .sort((one, other) => other.weight - one.weight)
    .map(({ tag }) => tag)
}
