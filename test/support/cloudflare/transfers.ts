import { createHash, randomUUID } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import * as v from 'valibot'
import { ApiFailure, type ApiRoute, parse, route } from './api.ts'

/** Files that wrangler puts and gets by an address of their own, without the API's envelope. */
export class Files {
  readonly #texts = new Map<string, string>()
  /** Where they are; known once the stub listens. */
  origin = ''

  /** Keeps a text and returns its address. */
  keep(text: string, name: string = randomUUID()): string {
    this.#texts.set(name, text)
    return `${this.origin}/files/${name}`
  }

  /** The text of a name; undefined if nothing was put there. */
  text(name: string): string | undefined {
    return this.#texts.get(name)
  }
}

/** The entity tag of a text, as the object store that D1 uses makes it. */
export const tagOf = (text: string): string => createHash('md5').update(text).digest('hex')

const Import = v.object({ action: v.string(), filename: v.optional(v.string(), '') })

const DONE = { success: true, status: 'complete', messages: [], at_bookmark: 'bookmark' }
const META = { duration: 1, rows_read: 0, rows_written: 0, size_after: 0 }

/** Export and import of D1 databases. */
export const transferRoutes = (find: (key: string) => DatabaseSync, files: Files): readonly ApiRoute[] => [
  route('POST', '/d1/database/([^/]+)/export', ([key = '']) => ({
    ...DONE,
    result: { filename: 'export.sql', signed_url: files.keep(dumpOf(find(key))) },
  })),
  route('POST', '/d1/database/([^/]+)/import', ([key = ''], body) => {
    const { action, filename } = parse(Import, body)
    const name = randomUUID()
    if (action === 'init') return { success: true, filename: name, upload_url: files.keep('', name) }
    const sql = files.text(filename)
    if (sql === undefined) throw new ApiFailure(400, 7500, 'nothing was uploaded')
    find(key).exec(sql)
    return { ...DONE, result: { num_queries: 1, final_bookmark: 'bookmark', meta: META } }
  }),
]

/** The statements that make a database anew. */
function dumpOf(sqlite: DatabaseSync): string {
  const made = sqlite
    .prepare("SELECT name, type, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'")
    .all()
  const tables = made.filter(({ type }) => type === 'table')
  const rows = tables.flatMap(({ name }) =>
    sqlite
      .prepare(`SELECT * FROM "${name}"`)
      .all()
      .map((row) => `INSERT INTO "${name}" VALUES (${Object.values(row).map(literal).join()})`),
  )
  const others = made.filter(({ type }) => type !== 'table')
  return [...tables.map(({ sql }) => sql), ...rows, ...others.map(({ sql }) => sql)].join(';\n').concat(';\n')
}

const literal = (value: unknown): string =>
  typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value ?? 'NULL')
