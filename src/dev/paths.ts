import { fileURLToPath } from 'node:url'

const fromRoot = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** The root of the repository, in which every tool runs. */
export const ROOT = fromRoot('')

/** The repository's configuration of wrangler. */
export const WRANGLER_TOML = fromRoot('wrangler.toml')

/** The directory of the D1 migrations. */
export const MIGRATIONS = fromRoot('migrations')

/** The file of development secrets, which wrangler reads. It is never committed. */
export const DEV_VARS = fromRoot('.dev.vars')

/** The directory of local D1, KV and Durable Objects, unless `--persist-to` names another. */
export const STATE = fromRoot('.wrangler/state')

/** The scripts of the tools. They run in the Node that runs this command. */
export const TOOLS = {
  wrangler: fromRoot('node_modules/wrangler/bin/wrangler.js'),
  vitest: fromRoot('node_modules/vitest/vitest.mjs'),
  tsc: fromRoot('node_modules/typescript/bin/tsc'),
  biome: fromRoot('node_modules/@biomejs/biome/bin/biome'),
} as const

/** The name of a tool. */
export type Tool = keyof typeof TOOLS
