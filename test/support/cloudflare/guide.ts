import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withVariable } from '../../../src/dev/toml.ts'

export const root = fileURLToPath(new URL('../../../', import.meta.url))
export const guide = await readFile(join(root, 'docs/guides/deploy.md'), 'utf8')

/** The first block of code in the guide that begins like this, without its indentation. */
export function block(beginning: string): string {
  const at = guide.indexOf(beginning)
  if (at < 0) throw new Error(`The guide has no block that begins with ${beginning}`)
  return guide.slice(at, guide.indexOf('```', at)).replaceAll(/^ {3}/gm, '')
}

/** A configuration with the variables of a block of the guide. */
export const withVariablesOf = (toml: string, variables: string): string =>
  variables.split('\n').reduce((text, line) => {
    const [, name = '', value = ''] = /^(\w+) = "(.*)"/.exec(line) ?? []
    return name === '' ? text : withVariable(text, undefined, name, value)
  }, toml)

/** A configuration with the routes of the guide. */
export const withRoutes = (toml: string): string =>
  toml.replace('main = "', `${block('routes = [{').split('\n')[0]}\nmain = "`)

/** `wrangler.toml` as it is, to be read from another directory. */
export const plain = (await readFile(join(root, 'wrangler.toml'), 'utf8'))
  .replace('main = "', `main = "${root}`)
  .replace('migrations_dir = "', `migrations_dir = "${root}`)
  .replace('directory = "src/assets"', `directory = "${root}src/assets"`)
