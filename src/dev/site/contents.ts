import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DOCS_FOLDER, textsOf, titleOf } from './build.ts'
import { INDEX, ROOMS } from './pages.ts'

const HEAD = `# Documents

New to OAuth? Begin with [a login in your own application](start.md). You know Hydra:
[coming from Hydra](reference/hydra.md).
`

/** Returns the page that lists all others, by their titles. */
export function indexDocument(titles: ReadonlyMap<string, string>): string {
  const rooms = ROOMS.map(({ title, pages }) => {
    const lines = pages.map(({ file, about }) => `- [${titles.get(file)}](${file}): ${about}\n`)
    return `\n## ${title}\n\n${lines.join('')}`
  })
  return HEAD + rooms.join('')
}

/** Writes that page. */
export async function writeIndex(): Promise<void> {
  const texts = await textsOf(ROOMS.flatMap(({ pages }) => pages))
  const titles = new Map([...texts].map(([file, text]) => [file, titleOf(text)]))
  await writeFile(join(DOCS_FOLDER, INDEX), indexDocument(titles))
}
