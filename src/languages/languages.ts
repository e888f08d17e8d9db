import { ar } from './ar.ts'
import { de } from './de.ts'
import { en, type Texts } from './en.ts'
import { es } from './es.ts'
import { fr } from './fr.ts'
import { ja } from './ja.ts'

/** The languages that pages are in, by their subtags (RFC 5646 section 2.2.1). */
export const LANGUAGES = ['en', 'de', 'fr', 'es', 'ja', 'ar'] as const

/** A language that pages are in. */
export type Language = (typeof LANGUAGES)[number]

const MAKERS: Readonly<Record<Language, () => Texts>> = { en, de, fr, es, ja, ar }

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
export const directionOf = (language: Language): 'ltr' | 'rtl' => (language === 'ar' ? 'rtl' : 'ltr')
