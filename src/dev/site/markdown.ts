import { Marked } from 'marked'
import { linkOf } from './links.ts'

/** A heading of a page. */
export interface Heading {
  readonly depth: number
  readonly text: string
  /** Its anchor. */
  readonly id: string
}

/** A document as HTML. */
export interface Rendered {
  readonly html: string
  readonly headings: readonly Heading[]
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Returns a text with the characters escaped that mean something in HTML. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? character)

/** Returns the anchors of headings, one after the other, as GitHub makes them. */
function anchors(): (text: string) => string {
  const used = new Map<string, number>()
  return (text) => {
    const id = text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_\s-]/gu, '')
      .replace(/\s/g, '-')
    const before = used.get(id) ?? 0
    used.set(id, before + 1)
    return before === 0 ? id : `${id}-${before}`
  }
}

/**
 * Renders a document. HTML in it is shown, not used; comments are left out. A link to the source becomes its name.
 *
 * @param file - where it is below `docs/`, from where its links lead
 * @param source - its Markdown
 */
export function render(file: string, source: string): Rendered {
  const headings: Heading[] = []
  const anchorOf = anchors()
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth }) {
        const text = this.parser.parseInline(tokens, this.parser.textRenderer)
        const id = anchorOf(text)
        headings.push({ depth, text, id })
        const content = this.parser.parseInline(tokens)
        if (depth === 1) return `<h1 id="${id}">${content}</h1>\n`
        const label = escapeHtml(`Link to: ${text}`)
        return `<h${depth} id="${id}">${content} <a class="anchor" href="#${id}" aria-label="${label}">#</a></h${depth}>\n`
      },
      link({ href, tokens }) {
        const content = this.parser.parseInline(tokens)
        const link = linkOf(file, href)
        if ('href' in link) return `<a href="${escapeHtml(link.href)}">${content}</a>`
        const path = `<code>${escapeHtml(link.source)}</code>`
        return content.includes(link.source) ? path : `${content} (${path})`
      },
      codespan: ({ text }) => `<code>${breakable(text)}</code>`,
      html: ({ text }) => (/^<!--.*-->\s*$/s.test(text) ? '' : escapeHtml(text)),
    },
  })
  const html = marked.parse(source, { async: false })
  return { html: html.replaceAll('<table>', TABLE).replaceAll('</table>', '</table>\n</div>'), headings }
}

/** A name or path in code may go on in the next line behind its parts. */
const breakable = (text: string): string => escapeHtml(text).replaceAll(/(?<=\w)[_/](?=\w)/g, '$&<wbr>')

/** A table may be wider than the window: then it scrolls by itself, by keyboard too. */
const TABLE = '<div class="table" role="group" aria-label="Table" tabindex="0">\n<table>'
