import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Makes the directory of what commands keep, or makes it sure: its owner's alone, and never committed, whatever
 * repository it is in.
 */
export async function makeKept(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  // The mode above is for a directory that is made; this one may have been there.
  await chmod(directory, 0o700)
  await writeFile(join(directory, '.gitignore'), '*\n')
}
