import manifest from '../../../package.json' with { type: 'json' }
import { defineCommand } from '../command.ts'
import { sentence } from '../output.ts'

/** The release of this command. */
export const CLI_VERSION = `v${manifest.version}`

export const version = defineCommand({
  name: 'version',
  about: 'Show the release of this command.',
  flags: {},
  examples: ['ladon version'],
  run: async () => sentence({ version: CLI_VERSION }, CLI_VERSION, `ladon ${CLI_VERSION}`),
})
