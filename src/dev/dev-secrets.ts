import { randomBytes } from 'node:crypto'
import { appendFile, readFile } from 'node:fs/promises'

/** Reads the text of `.dev.vars`; empty if the file does not exist. */
export function readDevVars(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return ''
    throw thrown
  })
}

/**
 * Appends a random system secret of 256 bits to `.dev.vars`. A new file is readable only by its owner.
 * @param present the text of the file.
 */
export async function addSystemSecret(path: string, present: string): Promise<void> {
  const separator = present === '' || present.endsWith('\n') ? '' : '\n'
  const line = `SECRETS_SYSTEM="${randomBytes(32).toString('base64url')}"\n`
  await appendFile(path, `${separator}${line}`, { mode: 0o600 })
}
