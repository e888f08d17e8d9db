import { spawn } from 'node:child_process'
import { access, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isJsonObject } from '../util/json.ts'
import { usage } from './failure.ts'
import type { Result } from './output.ts'
import type { Terminal } from './terminal.ts'

/** The note of when the account's database was last backed up, in a checkout. */
export const LAST_BACKUP = '.ladon/backup.json'

/** The note of what was deployed from a checkout, by configuration file and environment. */
export const DEPLOYMENTS = '.ladon/deployed.json'

/** The development commands of a checkout. */
const DEV = 'src/dev/ladon.ts'

/** Returns the checkout of Ladon that a folder is in; `undefined` if it is in none. */
export async function checkoutOf(folder: string): Promise<string | undefined> {
  for (let at = folder; ; at = dirname(at)) {
    if (await isCheckout(at)) return at
    if (dirname(at) === at) return undefined
  }
}

async function isCheckout(folder: string): Promise<boolean> {
  try {
    await access(join(folder, DEV))
    const manifest: unknown = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
    return isJsonObject(manifest) && manifest['name'] === 'ladon'
  } catch {
    return false
  }
}

/**
 * Runs a development command of the checkout, which has wrangler and the account. Throws CliFailure outside of one.
 * @param args - what it gets; paths in it are absolute
 */
export async function runInCheckout(
  name: string,
  args: readonly string[],
  terminal: Terminal,
): Promise<Result> {
  const checkout = await checkoutOf(terminal.folder)
  if (checkout === undefined)
    throw usage(
      `"ladon ${name}" needs the checkout of Ladon that you deploy from, which has wrangler and your account.`,
      'Call it in that folder, after npm ci.',
    )
  const child = spawn(await nodeOf(checkout), [join(checkout, DEV), name, ...args], {
    cwd: checkout,
    stdio: 'inherit',
  })
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) => resolve(status ?? 1))
  })
  return { data: undefined, ids: [], lines: [], exitCode: code === 0 ? 0 : code === 2 ? 2 : 1 }
}

/** The Node that the checkout brings, which is newer than this may be; else this one. */
async function nodeOf(checkout: string): Promise<string> {
  const own = join(checkout, 'node_modules/.bin/node')
  return access(own).then(
    () => own,
    () => process.execPath,
  )
}
