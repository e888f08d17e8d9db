import type { Context } from 'hono'
import { html } from 'hono/html'
import type { AppEnv } from '../context.ts'
import { chooseLanguage } from '../languages/choose.ts'
import type { Texts } from '../languages/en.ts'
import { type Language, textsOf } from '../languages/languages.ts'

/** How many of the languages that a request asks for are looked at. */
const MAX_LOCALES = 30

/** A piece of HTML whose values are escaped, made by `html`. */
export type Html = ReturnType<typeof html>

/** HTML or nothing, in a template. */
export type HtmlOrNone = Html | '' | false | undefined

/** Returns the query of a URL, as it is written. */
export function queryIn(url: string): string {
  const [request = ''] = url.split('#', 1)
  const at = request.indexOf('?')
  return at === -1 ? '' : request.slice(at + 1)
}

/** Notes the query of the request that the page is about, whose `ui_locales` count, if that is not the page's own. */
export function speakAs(c: Context<AppEnv>, query: string): void {
  c.set('spoken', query)
  c.set('language', undefined)
}

/**
 * The language of the page that answers a request. Whatever that request is, this throws nothing: pages about failures
 * ask for it.
 */
export function languageOf(c: Context<AppEnv>): Language {
  const known = c.var.language
  if (known !== undefined) return known
  const query = c.var.spoken ?? queryIn(c.req.url)
  const locales = new URLSearchParams(query).get('ui_locales') ?? ''
  const language = chooseLanguage(locales.split(' ', MAX_LOCALES), c.req.header('accept-language') ?? '')
  c.set('language', language)
  return language
}

/** The texts for the page that answers a request. */
export const textsFor = (c: Context<AppEnv>): Texts => textsOf(languageOf(c))

/** A text of others on a page. Its direction does not spread to what stands around it (HTML standard section 4.5.24). */
export const isolated = (text: string): Html => html`<bdi>${text}</bdi>`

/** Puts values into the braces of a text. */
export function filled(text: string, values: Readonly<Record<string, Html>>): Html {
  // Every second part is what stood between braces.
  const parts = text.split(/\{(\w+)\}/)
  return html`${parts.map((part, at) => (at % 2 === 0 ? part : (values[part] ?? '')))}`
}

/** Puts plain values into the braces of a text. */
export const filledText = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replace(/\{(\w+)\}/g, (_braces, name: string) => values[name] ?? '')
