import { resolve } from 'node:path'
import { runInCheckout } from '../checkout.ts'
import { defineCommand } from '../command.ts'
import { text, toggle } from '../flags.ts'

const accountFlags = {
  local: toggle("The database of this checkout's development server."),
  env: text('The environment in wrangler.toml.', 'NAME'),
  config: text('Another wrangler.toml.', 'FILE'),
} as const

export const backup = defineCommand({
  name: 'backup',
  about:
    'Write the database of your account into a file that only you can read. Called in the checkout that you deploy from.',
  flags: {
    output: text('The file.', 'FILE'),
    replace: toggle('Replace the file if it is there.'),
    ...accountFlags,
  },
  examples: ['ladon backup --output ladon.sql'],
  run: ({ flags, terminal }) =>
    runInCheckout(
      'backup',
      [
        ...option('output', absolute(flags.output, terminal.folder)),
        ...(flags.replace ? ['--replace'] : []),
        ...account(flags, terminal.folder),
      ],
      terminal,
    ),
})

export const restore = defineCommand({
  name: 'restore',
  about: 'Put a backup into an empty database of your account. Called in the checkout that you deploy from.',
  operands: { shown: 'FILE', least: 1, most: 1 },
  flags: { replace: toggle('Delete first what is in the database.'), ...accountFlags },
  examples: ['ladon restore ladon.sql'],
  run: ({ flags, operands, terminal }) =>
    runInCheckout(
      'restore',
      [
        ...operands.map((file) => resolve(terminal.folder, file)),
        ...(flags.replace ? ['--replace'] : []),
        ...account(flags, terminal.folder),
      ],
      terminal,
    ),
})

interface AccountGiven {
  readonly local: boolean | undefined
  readonly env: string | undefined
  readonly config: string | undefined
}

const account = ({ local, env, config }: AccountGiven, folder: string): readonly string[] => [
  ...(local ? ['--local'] : []),
  ...option('env', env),
  ...option('config', absolute(config, folder)),
]

const option = (name: string, value: string | undefined): readonly string[] =>
  value === undefined ? [] : [`--${name}`, value]

const absolute = (file: string | undefined, folder: string): string | undefined =>
  file && resolve(folder, file)
