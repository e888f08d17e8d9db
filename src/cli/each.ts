import { CliFailure, type FailureCode } from './failure.ts'
import { plain } from './plain.ts'
import type { Terminal } from './terminal.ts'

/** How several things went. */
export interface Outcomes<T> {
  readonly done: readonly T[]
  /** The exit code: that of the first failure, if there is one. */
  readonly exitCode: 0 | FailureCode
}

/**
 * Does something to each item, in turn. What fails is told by its name, and the others are done all the same; only if
 * no server answers is the rest left.
 */
export async function each<T, U>(
  items: readonly T[],
  terminal: Terminal,
  nameOf: (item: T) => string,
  run: (item: T) => Promise<U>,
): Promise<Outcomes<U>> {
  const done: U[] = []
  let exitCode: 0 | FailureCode = 0
  for (const item of items) {
    try {
      done.push(await run(item))
    } catch (thrown) {
      if (!(thrown instanceof CliFailure) || thrown.exitCode !== 1) throw thrown
      const { fix, requestId } = thrown.explanation
      terminal.err(`${plain(nameOf(item))}: ${plain(thrown.message)}`)
      if (fix !== undefined) terminal.err(`Fix: ${plain(fix)}`)
      if (requestId !== undefined) terminal.err(`Request id: ${plain(requestId)}`)
      exitCode = 1
    }
  }
  return { done, exitCode }
}
