import { readFile, writeFile } from 'node:fs/promises'

/** The runs that have a place of their own in the document. */
export type RunKind = 'main' | 'grants' | 'latency'

const isMissing = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT'

const readIfThere = (path: string): Promise<string | undefined> =>
  readFile(path, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return undefined
    throw error
  })

/** Puts a run into a JSON file beside the runs of other kinds, and its tables into the document of the same name. */
export async function record(path: string, kind: RunKind, results: object, tables: string): Promise<void> {
  const before: Readonly<Record<string, unknown>> = JSON.parse((await readIfThere(path)) ?? '{}')
  await writeFile(path, `${JSON.stringify({ ...before, [kind]: results }, null, 2)}\n`)
  const document = path.replace(/(\.json)?$/, '.md')
  const text = await readIfThere(document)
  if (text !== undefined) await writeFile(document, withTables(text, kind, tables))
}

/** The document with other tables between the marks of a kind of run. Throws if it has no such marks. */
export function withTables(text: string, kind: RunKind, tables: string): string {
  const begin = `<!-- bench:${kind} -->\n`
  const from = text.indexOf(begin)
  const to = text.indexOf('<!-- /bench -->', from)
  if (from === -1 || to === -1) throw new Error(`The document has no place for the tables of ${kind}.`)
  return `${text.slice(0, from + begin.length)}${tables.trim()}\n${text.slice(to)}`
}
