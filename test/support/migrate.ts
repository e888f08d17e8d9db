import { applyD1Migrations, type D1Migration } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { testEnv } from './bindings.ts'

declare global {
  namespace Cloudflare {
    interface Env {
      readonly TEST_MIGRATIONS: D1Migration[]
      readonly OLDER_DB: D1Database
    }
  }
}

await applyD1Migrations(testEnv().DB, env.TEST_MIGRATIONS)
