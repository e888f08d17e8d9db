/**
 * One reason for a refusal: `text` says what was wrong, with the names of facts in braces; `fix` says what to do about
 * it. With `operator` only the log has the text; otherwise the sender of the request may read it too.
 */
export type ReasonEntry = readonly [text: string, fix: string, reader?: 'operator']

/** Returns the reasons of one area, for their types. */
export const reasonsOf = <const Entries extends Readonly<Record<string, ReasonEntry>>>(
  entries: Entries,
): Entries => entries
