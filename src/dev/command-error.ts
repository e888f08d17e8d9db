/** A failure that the user can mend. The command prints its message without a stack and ends with `exitCode`. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  /** 1 if a tool failed, 2 if the command was refused before it did anything. */
  readonly exitCode: 1 | 2

  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message)
    this.exitCode = exitCode
  }
}
