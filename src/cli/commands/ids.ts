import type { Outcomes } from '../each.ts'
import type { Result } from '../output.ts'
import { plain } from '../plain.ts'

/** Returns the ids of what was done, each on a line with a word before it; as JSON one text, or a list of several. */
export const idsDone = ({ done, exitCode }: Outcomes<string>, word: string): Result => ({
  data: done.length === 1 ? done[0] : done,
  ids: done,
  lines: done.map((id) => `${word} ${plain(id)}`),
  ...(exitCode !== 0 && { exitCode }),
})
