/** A failure whose message is all that its reader needs: printed without a stack, then the command ends with `exitCode`. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  /** 1 when a tool failed, 2 when what was asked for is refused before anything ran. */
  readonly exitCode: 1 | 2

  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message)
    this.exitCode = exitCode
  }
}
