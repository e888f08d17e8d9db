/** Reads headers from lines like `Name: value`. Empty lines count for nothing. Returns `undefined` if a line is none. */
export function readHeaderLines(lines: readonly string[]): Readonly<Record<string, string>> | undefined {
  const pairs: [name: string, value: string][] = []
  for (const line of lines.filter((each) => each.trim() !== '')) {
    const colon = line.indexOf(':')
    if (colon < 1) return undefined
    pairs.push([line.slice(0, colon).trim(), line.slice(colon + 1).trim()])
  }
  return Object.fromEntries(pairs)
}
