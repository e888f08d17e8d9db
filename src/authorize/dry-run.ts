import { OAuthError } from '../errors/oauth-error.ts'

/** How a check of a dry run went: `passed`, what it refused, or that it was not made because of an earlier one. */
export interface Made {
  readonly name: string
  readonly outcome: 'passed' | 'not_reached' | OAuthError
}

/** The checks of a request that is only tried, in order. Nothing begins, and nobody is answered. */
export class DryRun {
  readonly #made: Made[] = []

  get made(): readonly Made[] {
    return this.#made
  }

  /** Makes a check, and returns what it gives; `undefined` if it refuses. Throws what is no refusal. */
  async make<T>(name: string, check: () => T | Promise<T>): Promise<T | undefined> {
    try {
      const result = await check()
      this.#made.push({ name, outcome: 'passed' })
      return result
    } catch (thrown) {
      if (!(thrown instanceof OAuthError) || thrown.status >= 500) throw thrown
      this.#made.push({ name, outcome: thrown })
      return undefined
    }
  }

  /** Notes checks that were not made, because they depend on one that refused. */
  skip(...names: readonly string[]): void {
    for (const name of names) this.#made.push({ name, outcome: 'not_reached' })
  }
}
