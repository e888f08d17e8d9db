import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { buildCli } from '../../src/dev/build-cli.ts'

/** A folder in which a shell knows `ladon`, as it is packed. */
export interface Shell {
  readonly folder: string
  readonly path: string
  /** Runs a command line to its end. */
  run(
    line: string,
    env?: Readonly<Record<string, string>>,
  ): Promise<{ code: number; out: string; err: string }>
  remove(): Promise<void>
}

/** Builds the command, and puts it in the path of a shell. */
export async function makeShell(): Promise<Shell> {
  const home = await mkdtemp(join(tmpdir(), 'ladon-shell-'))
  await buildCli(join(home, 'cli'))
  const program = join(home, 'cli/ladon.js')
  await writeFile(join(home, 'ladon'), `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`, {
    mode: 0o755,
  })
  const path = [home, process.env['PATH']].join(delimiter)
  return {
    folder: home,
    path,
    run: (line, env = {}) =>
      new Promise((resolve) => {
        const options = { cwd: home, env: { HOME: home, PATH: path, ...env } }
        const child = execFile('sh', ['-c', line], options, (_error, out, err) =>
          resolve({ code: child.exitCode ?? -1, out, err }),
        )
      }),
    remove: () => rm(home, { recursive: true, force: true }),
  }
}
