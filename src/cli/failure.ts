/** How the command ends: 1 the server refused, 2 it was called wrongly, 3 no server answered. */
export type FailureCode = 1 | 2 | 3

/** What the user is told when a command fails. Nothing in it is a secret. */
export interface Explanation {
  /** What to do about it. */
  readonly fix?: string | undefined
  /** The id of the request, which names its line in the server's log. */
  readonly requestId?: string | undefined
  /** A page about it. */
  readonly help?: string | undefined
}

/** A failure that the user can mend or ask about. It is printed without a stack. */
export class CliFailure extends Error {
  override readonly name = 'CliFailure'
  readonly exitCode: FailureCode
  readonly explanation: Explanation

  constructor(exitCode: FailureCode, message: string, explanation: Explanation = {}) {
    super(message)
    this.exitCode = exitCode
    this.explanation = explanation
  }
}

/** Returns the failure of a command that was called wrongly. */
export const usage = (message: string, fix?: string): CliFailure => new CliFailure(2, message, { fix })

/** Returns the failure of a command whose server said no. */
export const refused = (message: string, explanation?: Explanation): CliFailure =>
  new CliFailure(1, message, explanation)
