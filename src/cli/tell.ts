import type { CliFailure } from './failure.ts'
import { plain } from './plain.ts'
import type { Terminal } from './terminal.ts'

/** Tells a failure: what happened, what to do, and the line in the server's log. `about` names what failed of several. */
export function tell({ message, explanation }: CliFailure, terminal: Terminal, about?: string): void {
  const { fix, requestId, help } = explanation
  terminal.err(plain(about === undefined ? message : `${about}: ${message}`))
  if (fix !== undefined) terminal.err(`Fix: ${plain(fix)}`)
  if (help !== undefined) terminal.err(`More: ${plain(help)}`)
  if (requestId !== undefined) terminal.err(`Request id: ${plain(requestId)}`)
}
