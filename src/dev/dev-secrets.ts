import { randomBytes } from 'node:crypto'
import { appendFile, readFile } from 'node:fs/promises'

/** The text of `.dev.vars`; empty when there is none. */
export function readDevVars(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return ''
    throw thrown
  })
}

/** Appends a random system secret of 256 bits to `.dev.vars`, readable by its owner only; keeps what is there. */
export async function addSystemSecret(path: string, present: string): Promise<void> {
  const separator = present === '' || present.endsWith('\n') ? '' : '\n'
  const line = `SECRETS_SYSTEM="${randomBytes(32).toString('base64url')}"\n`
  await appendFile(path, `${separator}${line}`, { mode: 0o600 })
}
