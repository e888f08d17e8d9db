import { randomUUID } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import * as v from 'valibot'
import { ApiFailure, type ApiRoute, parse, route } from './api.ts'

/** A D1 database of the account: SQLite in memory. */
export interface Database {
  readonly id: string
  readonly sqlite: DatabaseSync
  readonly jurisdiction: string | null
  /** Near what it was asked to be. */
  readonly location: string | null
}

const Named = v.object({
  name: v.string(),
  jurisdiction: v.nullish(v.string(), null),
  primary_location_hint: v.nullish(v.string(), null),
})
const Titled = v.object({ title: v.string() })
const Query = v.object({ sql: v.string(), params: v.optional(v.array(v.string()), []) })

/** D1: databases by name. */
export function databaseRoutes(databases: Map<string, Database>): readonly ApiRoute[] {
  const listing = () =>
    [...databases].map(([name, { id, jurisdiction }]) => ({
      uuid: id,
      name,
      jurisdiction,
      version: 'production',
    }))
  const find = (key = '') => {
    const found = listing().find(({ uuid, name }) => uuid === key || name === key)
    if (found === undefined) throw new ApiFailure(404, 7404, 'no such database')
    return found
  }
  return [
    route('GET', '/d1/database', (_ids, _body, query) => firstPage(query, listing())),
    route('POST', '/d1/database', (_ids, body) => {
      const { name, jurisdiction, primary_location_hint: location } = parse(Named, body)
      if (databases.has(name)) throw new ApiFailure(400, 7502, 'the name is taken')
      const sqlite = new DatabaseSync(':memory:')
      databases.set(name, { id: randomUUID(), sqlite, jurisdiction, location })
      return find(name)
    }),
    route('GET', '/d1/database/([^/]+)', ([key]) => find(key)),
    route('POST', '/d1/database/([^/]+)/query', ([key], body) =>
      execute(databases.get(find(key).name)?.sqlite, parse(Query, body)),
    ),
  ]
}

/** KV: ids of namespaces by title. */
export function namespaceRoutes(namespaces: Map<string, string>): readonly ApiRoute[] {
  return [
    route('GET', '/storage/kv/namespaces', (_ids, _body, query) =>
      firstPage(
        query,
        [...namespaces].map(([title, id]) => ({ id, title })),
      ),
    ),
    route('POST', '/storage/kv/namespaces', (_ids, body) => {
      const { title } = parse(Titled, body)
      if (namespaces.has(title)) throw new ApiFailure(400, 10_014, 'the title is taken')
      const id = randomUUID().replaceAll('-', '')
      namespaces.set(title, id)
      return { id, title }
    }),
  ]
}

function execute(sqlite: DatabaseSync | undefined, { sql, params }: v.InferOutput<typeof Query>): unknown {
  const reads = /^\s*(?:select|pragma)/i.test(sql)
  const results = reads ? sqlite?.prepare(sql).all(...params) : []
  if (!reads) sqlite?.exec(sql)
  return [{ results, success: true, meta: { duration: 1 } }]
}

const firstPage = (query: URLSearchParams, all: readonly unknown[]): readonly unknown[] =>
  Number(query.get('page') ?? 1) > 1 ? [] : all
