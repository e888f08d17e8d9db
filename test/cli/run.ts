import { main } from '../../src/cli/main.ts'

/** What a command gave. */
export interface Ran {
  readonly code: number
  /** Lines for whoever reads the result. */
  readonly out: string
  readonly err: string
}

/** What surrounds a command. */
export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  readonly folder?: string
  /** Answers to its questions, in order; without them nobody is there to ask. */
  readonly answers?: readonly string[]
}

/** Runs the command `ladon` in this process. */
export async function runLadon(args: readonly string[], surroundings: Surroundings = {}): Promise<Ran> {
  const { env = {}, input = '', folder = '/nowhere', answers } = surroundings
  const out: string[] = []
  const err: string[] = []
  const left = [...(answers ?? [])]
  const code = await main(args, {
    env,
    folder,
    interactive: answers !== undefined,
    colours: false,
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    input: async () => input,
    ask: async (question) => {
      err.push(question)
      const answer = left.shift()
      if (answer === undefined) throw new Error(`No answer is left for: ${question}`)
      return answer
    },
  })
  return { code, out: out.join('\n'), err: err.join('\n') }
}
