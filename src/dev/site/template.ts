import { pathOf, relativeTo } from './links.ts'
import { escapeHtml, type Heading, type Rendered } from './markdown.ts'
import { type Doc, ROOMS } from './pages.ts'

/** Pages with fewer sections have no list of them. */
const SECTIONS_TO_LIST = 4

/**
 * Returns the HTML of a page. All its links are relative, for the server may be below a path.
 *
 * @param doc - the page
 * @param rendered - its text
 * @param titles - the titles of all pages, by file
 */
export function pageOf(doc: Doc, rendered: Rendered, titles: ReadonlyMap<string, string>): string {
  const path = pathOf(doc.file)
  const to = (target: string): string => relativeTo(path, target)
  const title = escapeHtml(titles.get(doc.file) ?? '')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Ladon</title>
<meta name="description" content="${title}: ${escapeHtml(doc.about)}">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${to('/docs/style.css')}">
<link rel="alternate" type="text/markdown" href="${to(`/docs/${doc.file}`)}">
</head>
<body>
<header>
<a class="home" href="${to('/docs')}">Ladon documents</a>
<a class="jump" href="#all">All pages</a>
</header>
<div class="frame">
<main>
${withSections(rendered)}</main>
<nav id="all" aria-label="All pages">
${ROOMS.map((room) => `<p>${room.title}</p>\n<ul>\n${room.pages.map((page) => entry(page, doc, to, titles)).join('')}</ul>\n`).join('')}</nav>
</div>
<footer>
<p>This page as text: <a href="${to(`/docs/${doc.file}`)}">Markdown</a>. For machines: <a href="${to('/llms.txt')}">llms.txt</a></p>
</footer>
</body>
</html>
`
}

function entry(
  { file }: Doc,
  current: Doc,
  to: (target: string) => string,
  titles: ReadonlyMap<string, string>,
): string {
  const here = file === current.file ? ' aria-current="page"' : ''
  return `<li><a href="${to(pathOf(file))}"${here}>${escapeHtml(titles.get(file) ?? file)}</a></li>\n`
}

/** The text, with a list of its sections behind the title if there are several. */
function withSections({ html, headings }: Rendered): string {
  const sections = headings.filter(({ depth }) => depth === 2)
  if (sections.length < SECTIONS_TO_LIST) return html
  const list = sections.map(({ id, text }: Heading) => `<li><a href="#${id}">${escapeHtml(text)}</a></li>\n`)
  const nav = `<nav class="sections" aria-label="On this page">\n<ul>\n${list.join('')}</ul>\n</nav>\n`
  const after = html.indexOf('</h1>\n') + '</h1>\n'.length
  return html.slice(0, after) + nav + html.slice(after)
}
