/** A cell that cannot be green, and why. */
export interface Fault {
  readonly operation: string
  readonly generations: readonly string[]
  readonly reason: string
  /** How it fails, in words of the error that is thrown then. The test checks that it still does. */
  readonly fails: string
}

export const faults: readonly Fault[] = [
  {
    operation: 'oauth2TokenExchange',
    generations: ['1.0-beta'],
    reason: 'The method `oauthToken()` takes no arguments, so it posts an empty form, which names no grant.',
    fails: 'expected 400 to be 200',
  },
]
