import { inArray, type SQL, sql } from 'drizzle-orm'
import { clientIdOf } from '../util/ids.ts'
import { type Database, queryD1 } from './d1.ts'
import { clients, versions } from './schema.ts'

/** Where D1 counts the writes of a value: in the row of a client, or under a name for a set of rows. */
export interface Counter {
  readonly of: 'client' | 'set'
  readonly name: string
}

/** Asks D1 for the versions that values have now. Values without one are absent. */
export type VersionsOf = (counters: readonly Counter[]) => Promise<(counter: Counter) => number | undefined>

/** Returns the question for all versions at once. It throws `temporarily_unavailable` if D1 cannot be asked. */
export const versionsIn =
  (db: Database): VersionsOf =>
  async (counters) => {
    const given = (of: Counter['of']): SQL =>
      sql`SELECT value FROM json_each(${JSON.stringify(counters.filter((one) => one.of === of).map(({ name }) => name))})`
    const [found, sets] = await queryD1(() =>
      db.batch([
        db
          .select({ name: clients.id, value: clients.version })
          .from(clients)
          .where(inArray(clients.id, sql`(${given('client')})`)),
        db
          .select({ name: versions.name, value: versions.value })
          .from(versions)
          .where(inArray(versions.name, sql`(${given('set')})`)),
      ]),
    )
    const ofClients = new Map(found.map(({ name, value }) => [name, value]))
    const ofSets = new Map(sets.map(({ name, value }) => [name, value]))
    return ({ of, name }) => (of === 'client' ? ofClients.get(clientIdOf(name)) : ofSets.get(name))
  }
