import { createInterface } from 'node:readline/promises'

/** What a command reads from and writes to. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The folder in which the command was called. */
  readonly folder: string
  /** Whether somebody is there who can be asked. */
  readonly interactive: boolean
  /** Whether the output may have colours. */
  readonly colours: boolean
  /** Writes a line for whoever, or whatever, reads the result. */
  out(line: string): void
  /** Writes a line that is not a part of the result. */
  err(line: string): void
  /** Returns all of the standard input. */
  input(): Promise<string>
  /** Returns the answer to a question, without white space at its ends. */
  ask(question: string): Promise<string>
}

/** Whether an output may have colours (https://no-color.org). */
export const wantsColours = (isTerminal: boolean, env: Terminal['env']): boolean =>
  isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'

/** Returns the terminal, pipe or file of this process. */
export function processTerminal(): Terminal {
  const { env, stdin, stdout, stderr } = process
  for (const stream of [stdout, stderr]) stream.on('error', endedByReader)
  return {
    env,
    folder: process.cwd(),
    interactive: stdin.isTTY === true && stderr.isTTY === true,
    colours: wantsColours(stdout.isTTY === true, env),
    out: (line) => void stdout.write(`${line}\n`),
    err: (line) => void stderr.write(`${line}\n`),
    input: async () => {
      const chunks: Buffer[] = []
      for await (const chunk of stdin) chunks.push(Buffer.from(chunk))
      return Buffer.concat(chunks).toString('utf8')
    },
    ask: async (question) => {
      const lines = createInterface({ input: stdin, output: stderr })
      try {
        return (await lines.question(question)).trim()
      } finally {
        lines.close()
      }
    },
  }
}

/** Lets pass that whoever read the output has read enough, as `head` does; throws any other failure to write. */
function endedByReader(failure: Error): void {
  if (!('code' in failure) || failure.code !== 'EPIPE') throw failure
}
