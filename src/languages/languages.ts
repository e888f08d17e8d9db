import { en, type Texts } from './en.ts'

/** The languages that pages are in, by their subtags (RFC 5646 section 2.2.1). */
export const LANGUAGES = ['en'] as const

/** A language that pages are in. */
export type Language = (typeof LANGUAGES)[number]

const MAKERS: Readonly<Record<Language, () => Texts>> = { en }

const made = new Map<Language, Texts>()

/** Returns the texts of a language, which are made on first use. */
export function textsOf(language: Language): Texts {
  const known = made.get(language)
  if (known !== undefined) return known
  const texts = MAKERS[language]()
  made.set(language, texts)
  return texts
}

/** In which direction a language is written. */
export const directionOf = (_language: Language): 'ltr' | 'rtl' => 'ltr'
