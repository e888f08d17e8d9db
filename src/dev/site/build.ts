import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ROOT } from '../paths.ts'
import { pathOf } from './links.ts'
import { render } from './markdown.ts'
import { DOCS, type Doc, ROOMS } from './pages.ts'
import { pageOf } from './template.ts'

/** The folder of the documents. */
export const DOCS_FOLDER = join(ROOT, 'docs')

/** The folder of the static assets, from where the Worker serves them. */
export const ASSETS = join(ROOT, 'src/assets')

/** Pictures, which are served as they are. */
const PICTURE = /\.png$/

const SUMMARY =
  "Ladon is an OAuth 2.0 authorization server and OpenID Connect provider that speaks Ory Hydra's HTTP API and runs on Cloudflare Workers."

/** Returns the title of a document: its first heading, without marks. */
export const titleOf = (markdown: string): string =>
  (/^# (.+)$/m.exec(markdown)?.[1] ?? '').replaceAll('`', '')

/** Returns the list of all pages (https://llmstxt.org), for machines that read. */
function llmsText(titles: ReadonlyMap<string, string>): string {
  const rooms = ROOMS.map(({ title, pages }) => {
    const lines = pages.map(({ file, about }) => `- [${titles.get(file)}](docs/${file}): ${about}\n`)
    return `\n## ${title}\n\n${lines.join('')}`
  })
  return `# Ladon\n\n> ${SUMMARY}\n${rooms.join('')}`
}

/** Reads documents. Returns their texts by file. */
export const textsOf = async (docs: readonly Doc[]): Promise<ReadonlyMap<string, string>> =>
  new Map(
    await Promise.all(
      docs.map(async ({ file }) => [file, await readFile(join(DOCS_FOLDER, file), 'utf8')] as const),
    ),
  )

/** Makes the site of the documents. Returns its files by their path below the static assets. */
export async function siteFiles(): Promise<ReadonlyMap<string, string | Buffer>> {
  const texts = await textsOf(DOCS)
  const titles = new Map([...texts].map(([file, text]) => [file, titleOf(text)]))
  const files = new Map<string, string | Buffer>([
    ['llms.txt', llmsText(titles)],
    ['docs/style.css', await readFile(join(ROOT, 'src/dev/site/style.css'), 'utf8')],
  ])
  const add = (doc: Doc, text: string): void => {
    files.set(`${pathOf(doc.file).slice(1)}.html`, pageOf(doc, render(doc.file, text), titles))
    files.set(`docs/${doc.file}`, text)
  }
  for (const doc of DOCS) add(doc, texts.get(doc.file) ?? '')
  for (const name of await readdir(DOCS_FOLDER))
    if (PICTURE.test(name)) files.set(`docs/${name}`, await readFile(join(DOCS_FOLDER, name)))
  return files
}

/** Writes the site below the static assets, as far as it changed, and removes pages that are no more. */
export async function writeSite(): Promise<void> {
  const files = await siteFiles()
  for (const [path, content] of files) {
    const target = join(ASSETS, path)
    const before = await readFile(target).catch(() => undefined)
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    if (before?.equals(bytes) === true) continue
    await mkdir(dirname(target), { recursive: true })
    await writeFile(target, bytes)
  }
  for (const entry of await readdir(join(ASSETS, 'docs'), { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile() && !files.has(path.slice(ASSETS.length + 1).replaceAll('\\', '/'))) await rm(path)
  }
}
