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

/** Tells a fault of the command itself: what it was and where, without its message, which may hold a secret. */
export function tellFault(thrown: unknown, terminal: Terminal): void {
  const name = thrown instanceof Error ? thrown.name : 'an error'
  const code = thrown instanceof Error && 'code' in thrown ? ` (${thrown.code})` : ''
  const at = thrown instanceof Error ? (/^\s+at .*$/m.exec(thrown.stack ?? '')?.[0] ?? '') : ''
  terminal.err(plain(`The command itself failed: ${name}${code}${at}`))
  terminal.err('Please report this line, and the command without its secrets.')
}
