/** What `withTimeout` throws unless told otherwise: something outside did not answer in time. */
export class Late extends Error {
  override readonly name = 'Late'

  /** @param ms - how long it was waited for, ms */
  constructor(ms: number) {
    super(`no answer within ${ms} ms`)
  }
}

/**
 * Returns the outcome of some work. Throws `late()` if it takes longer than `ms` milliseconds; the work itself goes on,
 * and what it throws later is dropped.
 */
export const withTimeout = <T>(
  work: Promise<T>,
  ms: number,
  late: () => Error = () => new Late(ms),
): Promise<T> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), ms)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
