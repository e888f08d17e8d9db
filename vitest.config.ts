import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'
import { browserRequired, findChromium } from './src/dev/chromium.ts'
import { writeSite } from './src/dev/site/build.ts'

// What the workerd tests run with; a developer's .dev.vars must not reach them.
const bindings = {
  URLS_SELF_ISSUER: 'http://localhost:4444',
  SECRETS_SYSTEM: 'test-system-secret-of-32-characters!',
  ADMIN_API_KEYS: 'ladon-test-admin-key',
  ADMIN_ENTRYPOINT: 'flows,introspect,all',
  // A machine that does other things besides is slow, but nothing on it is silent.
  DEADLINE_CACHED: '20s',
  DEADLINE_STORAGE: '25s',
  DEADLINE_LEDGER: '25s',
  LOG_REQUESTS: 'all',
  URLS_IDENTITY_PROVIDER_URL: 'https://kratos.example/base/',
  URLS_IDENTITY_PROVIDER_HEADERS: '{"Authorization":"Bearer provider-secret"}',
}

// Without Chromium the browser tests are left out, and `npm test` says so; where they are required they then fail.
const withBrowser = browserRequired() || findChromium() !== undefined

// Long forms, which continuous integration runs: `npm test -- --all`.
const secondTier = process.env['LADON_ALL_TESTS'] === '1' ? [] : ['test/**/*.all.test.ts']

// The examples that need packages of their own: `npm run examples:heavy` installs them, and says where.
const withHeavyExamples = process.env['LADON_EXAMPLES_AT'] !== undefined

// The long form of the model (`npm run proof:model`): how many commands, and from which seed on.
const longModel = {
  TEST_MODEL_COMMANDS: process.env['LADON_MODEL_COMMANDS'] ?? '',
  TEST_MODEL_SEED: process.env['LADON_MODEL_SEED'] ?? '',
}

// The documents as they are now, which the Worker serves.
await writeSite()

export default defineConfig({
  test: {
    projects: [
      {
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: './wrangler.toml' },
            miniflare: {
              bindings: {
                ...bindings,
                ...longModel,
                TEST_MIGRATIONS: await readD1Migrations('./migrations'),
              },
              // For a database in which the last migration is missing.
              d1Databases: ['OLDER_DB'],
              // A binding of the Secrets Store to a secret that is not in it.
              secretsStoreSecrets: { STORED_SECRET: { store_id: 'store', secret_name: 'nowhere' } },
            },
          })),
        ],
        test: {
          name: 'workerd',
          include: ['test/**/*.test.ts'],
          exclude: [
            'test/interop/**',
            'test/browser/**',
            'test/cli/**',
            'test/examples/**',
            'test/node/**',
            ...secondTier,
          ],
          testTimeout: 60_000,
          setupFiles: ['./test/support/fresh-start.ts'],
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'node',
          include: [
            'test/node/**/*.test.ts',
            'test/cli/**/*.test.ts',
            'test/interop/**/*.test.ts',
            'test/browser/**/*.test.ts',
            'test/examples/**/*.test.ts',
          ],
          exclude: [
            ...(withBrowser ? [] : ['test/browser/**', 'test/examples/!(packages).test.ts']),
            ...(withHeavyExamples ? [] : ['test/examples/heavy/**']),
            ...secondTier,
          ],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
