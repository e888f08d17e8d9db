/**
 * Who may read the text of a reason: `client` is a client that authenticated, of its own codes and tokens; `operator`
 * the log alone. The sender of the request may read it if no reader is named.
 */
export type Reader = 'client' | 'operator'

/**
 * One reason for a refusal: `text` says what was wrong, `fix` what to do about it, both with the names of facts in
 * braces. Each is whole sentences.
 */
export type ReasonEntry = readonly [text: string, fix: string, reader?: Reader]

/** Returns the reasons of one area, for their types. */
export const reasonsOf = <const Entries extends Readonly<Record<string, ReasonEntry>>>(
  entries: Entries,
): Entries => entries
