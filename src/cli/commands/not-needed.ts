import { type Command, defineCommand } from '../command.ts'
import { usage } from '../failure.ts'

/** A command of Hydra for which there is nothing to do here. Its arguments do not matter. */
const notNeeded = (name: string, why: string): Command =>
  defineCommand({
    name,
    about: why,
    operands: { shown: '', least: 0, most: 100 },
    anyFlags: true,
    flags: {},
    examples: [`ladon ${name}`],
    run: () => Promise.reject(usage(why)),
  })

export const serve = notNeeded(
  'serve',
  'There is nothing to serve: Ladon runs as a Worker, which npm run deploy uploads and npm run dev runs on your machine.',
)
export const migrate = notNeeded(
  'migrate',
  'There is nothing to migrate by hand: npm run deploy applies the migrations of the database.',
)
export const janitor = notNeeded(
  'janitor',
  'There is nothing to clean up: what has expired is deleted where it lies, and a job of the server does the rest.',
)
