import { CliFailure, type FailureCode } from './failure.ts'
import { tell } from './tell.ts'
import type { Terminal } from './terminal.ts'

/** How several things went. */
export interface Outcomes<T> {
  readonly done: readonly T[]
  /** The exit code: that of the last failure, if there is one. */
  readonly exitCode: 0 | FailureCode
}

/**
 * Does something to each item, in turn. What fails is told by its name. After a refusal the others are done all the
 * same; without an answer, what is left would fail too.
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
      if (!(thrown instanceof CliFailure)) throw thrown
      tell(thrown, terminal, nameOf(item))
      exitCode = thrown.exitCode
      if (exitCode !== 1) break
    }
  }
  return { done, exitCode }
}
