const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** A piece of HTML, as `html` and `raw` make it. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** What may stand in a template: text to escape, HTML as it is, several of them in a row, or nothing. */
export type HtmlValue = string | Html | false | undefined | readonly HtmlValue[]

/** Tag of a template of HTML; texts put into it are escaped, for content and for quoted attributes alike. */
export const html = (template: TemplateStringsArray, ...values: readonly HtmlValue[]): Html =>
  raw(String.raw({ raw: template }, ...values.map(textOf)))

/** Takes a text of ours for HTML, unescaped. */
export const raw = (text: string): Html => new Html(text)

function textOf(value: HtmlValue): string {
  if (value instanceof Html) return value.text
  if (typeof value === 'object') return value.map(textOf).join('')
  return (value || '').replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}
