/**
 * One reason for a refusal: what was wrong, with the facts in braces; what to do about it; and whether whoever was
 * refused may read it, or only the operator in the log.
 */
export type ReasonEntry = readonly [text: string, fix: string, reader?: 'operator']

/** Checks the entries of one area. */
export const reasonsOf = <const Entries extends Readonly<Record<string, ReasonEntry>>>(
  entries: Entries,
): Entries => entries
