import { fileURLToPath } from 'node:url'

const fromRoot = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** The repository's root: every tool runs there, wherever the command was called from. */
export const ROOT = fromRoot('')

/** The configuration that this repository comes with. */
export const WRANGLER_TOML = fromRoot('wrangler.toml')

/** The D1 migrations, wherever a configuration file stands. */
export const MIGRATIONS = fromRoot('migrations')

/** Development secrets, read by wrangler, never committed. */
export const DEV_VARS = fromRoot('.dev.vars')

/** Where wrangler keeps local D1, KV and Durable Objects unless `--persist-to` says otherwise. */
export const STATE = fromRoot('.wrangler/state')

/** Entry points of the tools, to be run by the same Node that runs this command. */
export const TOOLS = {
  wrangler: fromRoot('node_modules/wrangler/bin/wrangler.js'),
  vitest: fromRoot('node_modules/vitest/vitest.mjs'),
  tsc: fromRoot('node_modules/typescript/bin/tsc'),
  biome: fromRoot('node_modules/@biomejs/biome/bin/biome'),
} as const

/** Name of a tool this command runs. */
export type Tool = keyof typeof TOOLS
