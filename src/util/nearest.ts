/** How many letters may differ between a misspelt word and the word that was meant. */
const MOST_EDITS = 2

/** Longer words are not compared: the work grows with the square of the length. */
const MAX_LENGTH = 100

/**
 * Returns the known word that is nearest to another one: at most two letters are changed, added or left out
 * (Levenshtein distance). Upper and lower case are the same. `undefined` if there is none.
 */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  if (word.length > MAX_LENGTH) return undefined
  const wanted = word.toLowerCase()
  let best: { readonly word: string; readonly edits: number } | undefined
  for (const candidate of known) {
    if (candidate.length > MAX_LENGTH || Math.abs(candidate.length - wanted.length) > MOST_EDITS) continue
    const edits = editsBetween(wanted, candidate.toLowerCase())
    if (edits <= MOST_EDITS && edits < (best?.edits ?? Number.POSITIVE_INFINITY))
      best = { word: candidate, edits }
  }
  return best?.word
}

/** The Levenshtein distance, by one row of the table at a time. */
function editsBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at)
  for (const [at, letter] of [...one].entries()) {
    const next = [at + 1]
    for (let to = 1; to <= other.length; to += 1) {
      const replaced = (row[to - 1] ?? 0) + Number(letter !== other[to - 1])
      next.push(Math.min(replaced, (row[to] ?? 0) + 1, (next[to - 1] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
