import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const LADON = fileURLToPath(new URL('../../src/dev/ladon.ts', import.meta.url))

/** Runs the `ladon` command to its end. */
export function ladon(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  cwd = process.cwd(),
): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const options = { cwd, env: { ...process.env, ...env } }
    const child = execFile(process.execPath, [LADON, ...args], options, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, output: stdout + stderr })
    })
  })
}
