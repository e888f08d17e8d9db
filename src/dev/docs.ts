import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { allReasons, explain, templateOf } from '../errors/reasons.ts'
import { ROOT } from './paths.ts'

const HEAD = `# Reasons of refusals

Every request that is refused has a reason. The log line of the request names it as \`reason\`, with the
\`error\` code and what the text speaks of as \`facts\`. What stands in braces is a fact. "the log" means that whoever was
refused is not told. The pages of the demo application have none: it is a client, and shows what it was answered.

| reason | what was wrong | what to do | told to |
| --- | --- | --- | --- |
`

/** Returns the document that lists the reasons of refusals, for operators who read a log. */
export const reasonsDocument = (): string =>
  HEAD +
  allReasons()
    .map((reason) => {
      const { fix, public: told } = explain(reason, {})
      return `| \`${reason}\` | ${templateOf(reason)} | ${fix} | ${told ? 'whoever was refused' : 'the log'} |\n`
    })
    .join('')

/** `ladon docs`: writes the documents that are generated from the code. Returns the exit code. */
export async function docs(): Promise<number> {
  await writeFile(join(ROOT, 'docs/reasons.md'), reasonsDocument())
  return 0
}
