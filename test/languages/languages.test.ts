import { describe, expect, it } from 'vitest'
import { chooseLanguage } from '../../src/languages/choose.ts'
import { en } from '../../src/languages/en.ts'
import { LANGUAGES, textsOf } from '../../src/languages/languages.ts'
import { localized } from '../../src/languages/localized.ts'

const ENGLISH: Readonly<Record<string, string>> = en()
const OTHERS = LANGUAGES.filter((language) => language !== 'en')

/** Texts that are the same as in English, because the word is. */
const EQUAL: Readonly<Record<string, readonly string[]>> = {
  de: ['demoTokens'],
  fr: ['application'],
  es: ['errorTitle', 'detailError', 'demoTokens'],
}

/** Letters that a text of a language is made of, for languages that are written in others. */
const LETTERS: Readonly<Record<string, RegExp>> = {
  ja: /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u,
  ar: /\p{Script=Arabic}/u,
}

const bracesIn = (text = ''): readonly string[] =>
  [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).toSorted()

describe.each(OTHERS)('the texts in %s', (language) => {
  const texts: Readonly<Record<string, string>> = textsOf(language)

  it('are those that there are in English, each with the same values put in', () => {
    expect(Object.keys(texts).toSorted()).toEqual(Object.keys(ENGLISH).toSorted())
    for (const [name, text] of Object.entries(texts))
      expect(bracesIn(text), name).toEqual(bracesIn(ENGLISH[name]))
  })

  it('have no English left', () => {
    const equal = Object.keys(texts).filter((name) => texts[name] === ENGLISH[name])
    expect(equal.toSorted()).toEqual((EQUAL[language] ?? []).toSorted())
    const letters = LETTERS[language]
    if (letters !== undefined)
      for (const [name, text] of Object.entries(texts)) expect(text, name).toMatch(letters)
  })

  it('are whole and tidy', () => {
    for (const [name, text] of Object.entries(texts)) {
      expect(text.trim(), name).toBe(text)
      expect(text, name).not.toMatch(/ {2}|'|[<>&"]/)
    }
  })

  it('are made once', () => {
    expect(textsOf(language)).toBe(texts)
  })
})

describe('the language of a page', () => {
  it.each<[readonly string[], string, string]>([
    [[], '', 'en'],
    [['de'], 'fr', 'de'],
    [['xx', 'fr-CA'], 'de', 'fr'],
    [['xx'], 'ja-JP', 'ja'],
    [[], 'de-CH,de;q=0.9,en;q=0.8', 'de'],
    [[], 'en;q=0.5, es-MX;q=0.7', 'es'],
    [[], 'xx, ar;q=0.1', 'ar'],
    [[], 'de;q=0, fr;q=0.1', 'fr'],
    [[], '*', 'en'],
    [[], 'DE', 'de'],
    [[''], ';q=x,;;,', 'en'],
    [[], 'xx,'.repeat(10_000), 'en'],
  ])('of ui_locales %j and Accept-Language %j', (locales, header, expected) => {
    expect(chooseLanguage(locales, header)).toBe(expected)
  })
})

describe("a client's name", () => {
  const client = { client_name: 'Shop', 'client_name#de-CH': 'Laden', 'client_name#ja': 'みせ' }

  it.each([
    ['de', 'Laden'],
    ['ja', 'みせ'],
    ['fr', 'Shop'],
  ] as const)('in %s', (language, expected) => {
    expect(localized(client, 'client_name', language)).toBe(expected)
    expect(localized({}, 'client_name', language)).toBe('')
  })
})
