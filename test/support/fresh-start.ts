import { applyD1Migrations, type D1Migration, reset, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { vi } from 'vitest'
import type { Env } from '../../src/env.ts'
import { testEnv } from './bindings.ts'
import { noteRefusals } from './refusals.ts'

declare global {
  namespace Cloudflare {
    interface Env {
      readonly TEST_MIGRATIONS: D1Migration[]
      readonly OLDER_DB: D1Database
    }
  }
  /** The names of the ledgers that were called since storage was last emptied. Outlives the modules. */
  var ledgersCalled: Set<string> | undefined
}

// Files share a runtime process: starting one for each took longer than most of them run. So before every file the
// clock, the storage, and the modules with all that an isolate keeps are made new. Storage goes first, since an object
// whose module is gone cannot be called.
vi.useRealTimers()
vi.restoreAllMocks()
vi.unstubAllGlobals()
await emptyStorage()
vi.resetModules()
await applyD1Migrations(testEnv().DB, env.TEST_MIGRATIONS)
noteRefusals()

/** Deletes all storage. The runner's `reset` passes over objects that are not in memory, so all are called first. */
async function emptyStorage(): Promise<void> {
  const { DB, COPIES, LEDGER } = testEnv()
  globalThis.ledgersCalled ??= rememberLedgers()
  const ledgers = [...globalThis.ledgersCalled].map((name) => LEDGER.getByName(name))
  await Promise.all([
    ...[DB, env.OLDER_DB].map((database) => database.prepare('SELECT 1').run()),
    COPIES.list({ limit: 1 }),
    ...ledgers.map((ledger) => runInDurableObject(ledger, (_, { storage }) => storage.getAlarm())),
  ])
  globalThis.ledgersCalled.clear()
  await reset()
  const { results } = await DB.prepare("SELECT 1 FROM sqlite_master WHERE name = 'clients'").run()
  if (results.length > 0) throw new Error('what the last test file stored is still there')
}

/** Notes the name of every ledger that the Worker or a test asks for from now on. */
function rememberLedgers(): Set<string> {
  const names = new Set<string>()
  const namespaces: Pick<Env['LEDGER'], 'getByName'> = Object.getPrototypeOf(testEnv().LEDGER)
  const { getByName } = namespaces
  namespaces.getByName = function (name, options) {
    names.add(name)
    return getByName.call(this, name, options)
  }
  return names
}
