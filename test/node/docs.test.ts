import { readdirSync } from 'node:fs'
import { posix } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { apiReference } from '../../src/dev/api-reference.ts'
import { siteFiles, textsOf, titleOf } from '../../src/dev/site/build.ts'
import { indexDocument } from '../../src/dev/site/contents.ts'
import { linkOf, pathOf, relativeTo } from '../../src/dev/site/links.ts'
import { render } from '../../src/dev/site/markdown.ts'
import { DOCS, INDEX } from '../../src/dev/site/pages.ts'
import { readText } from './citations.ts'

let files: ReadonlyMap<string, string | Buffer>

beforeAll(async () => {
  files = await siteFiles()
})

const ORIGIN = 'https://op.example'

/** What is served at a path: the file of that name, or the page. */
const servedAt = (path: string): string | undefined => {
  const found = files.get(path.slice(1)) ?? files.get(`${path.slice(1)}.html`)
  return found === undefined ? undefined : String(found)
}

const hrefsIn = (html: string): readonly string[] =>
  [...html.matchAll(/ (?:href|src)="([^"]*)"/g)].map(([, href = '']) => href.replaceAll('&amp;', '&'))

describe('the list of documents', () => {
  it('has every file of docs/', () => {
    const names = readdirSync(new URL('../../docs/', import.meta.url), { recursive: true, encoding: 'utf8' })
    const present = names.filter((name) => name.endsWith('.md')).map((name) => name.replaceAll('\\', '/'))
    expect(DOCS.map(({ file }) => file).toSorted()).toEqual(present.toSorted())
  })

  it('says in a sentence what each is about', () => {
    for (const { file, about } of DOCS) expect(about, file).toMatch(/^\S.*\.$/)
  })

  it('is docs/README.md: npm run docs writes it', async () => {
    const texts = await textsOf(DOCS)
    const titles = new Map([...texts].map(([file, text]) => [file, titleOf(text)]))
    expect(texts.get(INDEX)).toBe(indexDocument(titles))
  })

  it('is llms.txt, for machines', () => {
    const list = [...String(files.get('llms.txt')).matchAll(/^- \[([^\]]+)\]\(([^)]+)\): (.+)$/gm)]
    expect(list.length).toBe(DOCS.length - 1)
    for (const [, , path = ''] of list) expect(servedAt(`/${path}`), path).toMatch(/^# /)
  })
})

it('pictures are small', () => {
  const pictures = [...files].filter(([path]) => path.endsWith('.png'))
  expect(pictures).not.toEqual([])
  for (const [path, content] of pictures) expect(content.length, path).toBeLessThan(60_000)
})

it('the list of endpoints is made from the OpenAPI document: npm run docs writes it', () => {
  expect(readText('docs/reference/api.md')).toBe(apiReference(readText('src/assets/openapi.json')))
})

describe('every page', () => {
  const pages = DOCS.map(({ file }) => [pathOf(file), file] as const)

  it.each(pages)('%s: has a title, no script, and its text beside it', (path, file) => {
    const html = servedAt(path) ?? ''
    expect(html.match(/<h1/g)).toHaveLength(1)
    expect(html).not.toMatch(/<script|<style| style=| on\w+=|<form|<iframe/i)
    expect(servedAt(`/docs/${file}`)).toBe(readText(`docs/${file}`))
  })

  it.each(pages)('%s: every link leads to a page or a section', (path) => {
    const html = servedAt(path) ?? ''
    const dead = hrefsIn(html).filter((href) => {
      if (/^(?:https?:|mailto:|data:,$)/.test(href)) return false
      const { pathname, hash } = new URL(href, `${ORIGIN}${path}`)
      if (pathname === '/openapi.json') return false
      const target = servedAt(pathname)
      return (
        target === undefined ||
        (hash !== '' && !target.includes(` id="${decodeURIComponent(hash.slice(1))}"`))
      )
    })
    expect(dead).toEqual([])
  })

  it('is reached from the first one', () => {
    const linked = hrefsIn(servedAt('/docs') ?? '').map((href) => new URL(href, `${ORIGIN}/docs`).pathname)
    expect(pages.map(([path]) => path).filter((path) => !linked.includes(path))).toEqual([])
  })
})

describe('Markdown', () => {
  it.each([
    ['raw HTML is shown', 'a <b onclick="x()">c</b>', /a &lt;b onclick=&quot;x\(\)&quot;&gt;c&lt;\/b&gt;/],
    ['a block of it, too', '<script>\nx()\n</script>\n', /&lt;script&gt;/],
    ['comments are left out', '<!-- a -->\n\nb', /^\s*<p>b<\/p>\s*$/],
    ['names in code can break', '`A_B`, `/a/b`', /<code>A_<wbr>B<\/code>, <code>\/a\/<wbr>b<\/code>/],
    ['headings have anchors', '## The `x` and _y_', /<h2 id="the-x-and-y">.*href="#the-x-and-y"/],
    ['each its own', '## A\n\n## A', /id="a".*id="a-1"/s],
    [
      'tables can be scrolled by keyboard',
      '| a |\n| --- |\n| b |',
      /<div class="table"[^>]* tabindex="0">\s*<table>/,
    ],
    ['a document is linked as a page', '[a](../logs.md#requests)', /href="..\/logs#requests"/],
    ['the list of a folder, too', '[a](README.md)', /href="..\/guides"/],
    [
      'a file of the source is named',
      '[the house](../../src/README.md)',
      /the house \(<code>src\/README.md<\/code>\)/,
    ],
    ['the OpenAPI document is linked', '[a](../../src/assets/openapi.json)', /href="..\/..\/openapi.json"/],
    [
      'another site is linked',
      '[a](https://op.example/?a=1&b="2")',
      /href="https:\/\/op.example\/\?a=1&amp;b=/,
    ],
    ['a script is no link', '[a](javascript:x())', /^(?!.*href="javascript:)/s],
  ])('%s', (_what, markdown, html) => {
    expect(render('guides/spa.md', markdown).html).toMatch(html)
  })

  it.each([
    ['/docs', '/docs/start', 'docs/start'],
    ['/docs/start', '/docs', '../docs'],
    ['/docs/guides/spa', '/docs/guides', '../guides'],
    ['/docs/guides/spa', '/docs/guides/web', 'web'],
    ['/docs/guides', '/docs/guides/web', 'guides/web'],
    ['/docs/guides/spa', '/docs/style.css', '../style.css'],
  ])('from %s to %s it is %s', (page, path, link) => {
    expect(relativeTo(page, path)).toBe(link)
    expect(posix.resolve(posix.dirname(page), link)).toBe(path)
  })

  it('a link out of the documents is no address', () => {
    expect(linkOf('logs.md', '../SECURITY.md')).toEqual({ source: 'SECURITY.md' })
  })
})
