import { isJsonObject } from '../util/json.ts'
import { isScopeTexts, type ScopeTexts } from '../util/scope-texts.ts'
import { isPlainText, isSeenText } from '../util/text.ts'
import { absoluteUrl, jsonOf, type Parser, textThat } from './parsers.ts'

/** How the built-in pages look, and whose they are. */
export interface Brand {
  readonly name: string
  /** URL of the logo, https or data; null for none. */
  readonly logo: string | null
  /** URL of the icon of the browser's tab; null for the first letter of the name. */
  readonly icon: string | null
  /** Six hexadecimal digits after `#`. */
  readonly color: string
  readonly links: BrandLinks
}

/** The operator's pages that every page links to. */
export type BrandLinks = Readonly<Partial<Record<(typeof LINKS)[number], string>>>

const LINKS = ['support', 'privacy', 'terms'] as const

/** Parses the name of whoever runs this server. */
export const brandName = textThat(
  'a name of at most 60 visible characters',
  (text) => text !== '' && text.length <= 60 && isPlainText(text) && isSeenText(text),
)

/** Parses the URL of an image. Over plain http anybody on the way could change it. */
export const imageUrl = textThat(
  'an https URL, or a data URL of an image',
  (text) => absoluteUrl(text)?.protocol === 'https:' || /^data:image\/[\w.+-]+[;,]\S*$/i.test(text),
)

/** Parses a color. */
export const hexColor = textThat('a color such as #2f5bd7', (text) => /^#[0-9a-f]{6}$/i.test(text))

/** Parses links: JSON with a URL for each. */
export const brandLinks: Parser<BrandLinks> = {
  expected:
    'a JSON object of https or mailto URLs such as {"support":"https://…","privacy":"https://…","terms":"https://…"}',
  parse: (text) => {
    const given = jsonOf(text)
    return isBrandLinks(given) ? given : undefined
  },
}

function isBrandLinks(value: unknown): value is BrandLinks {
  return (
    isJsonObject(value) &&
    Object.entries(value).every(
      ([name, url]) => LINKS.some((link) => link === name) && typeof url === 'string' && isLink(url),
    )
  )
}

const isLink = (url: string): boolean =>
  absoluteUrl(url)?.protocol === 'https:' || /^mailto:[^\s@]+@[^\s@]+$/i.test(url)

/** Parses words for scopes: JSON with a text for each, or a text for each language. */
export const scopeTexts: Parser<ScopeTexts> = {
  expected:
    'a JSON object of texts by scope such as {"invoices:read":"See your invoices"}, or of texts by language for each',
  parse: (text) => {
    const given = jsonOf(text)
    return isScopeTexts(given) ? given : undefined
  },
}
