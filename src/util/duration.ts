const UNIT_SECONDS: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
}

const WHOLE = /^[+-]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+)$/
/** Matches a number and its unit, in a text that matches `WHOLE`. */
const PART = /([\d.]+)([a-zµ]+)/g

/** Parses a Go duration (`1h30m`, `90s`, `-1s`) into seconds; `undefined` for any other text. */
export function parseDuration(text: string): number | undefined {
  if (!WHOLE.test(text)) return undefined
  let seconds = 0
  for (const [, amount = '0', unit = 's'] of text.matchAll(PART)) {
    seconds += Number(amount) * (UNIT_SECONDS[unit] ?? 1)
  }
  return text.startsWith('-') ? -seconds : seconds
}

/** The units that are shorter than a second, and how many of them make a second. */
const FRACTIONS = [
  ['ms', 1e3],
  ['µs', 1e6],
  ['ns', 1e9],
] as const

/** Formats seconds in Go's canonical form: 31 hours are `31h0m0s`. */
export function formatDuration(seconds: number): string {
  const sign = seconds < 0 ? '-' : ''
  const total = Math.abs(seconds)
  if (total < 1) {
    for (const [unit, scale] of FRACTIONS) {
      const amount = Number((total * scale).toFixed(6))
      if (amount >= 1) return `${sign}${amount}${unit}`
    }
    return '0s'
  }
  const hours = Math.floor(total / 3600)
  const minutes = Math.floor((total % 3600) / 60)
  const rest = `${Number((total % 60).toFixed(9))}s`
  if (hours > 0) return `${sign}${hours}h${minutes}m${rest}`
  return minutes > 0 ? `${sign}${minutes}m${rest}` : `${sign}${rest}`
}

/** Whether a text is a Go duration of a second or more, or a negative one. */
export const isDuration = (text: string): boolean => {
  const seconds = parseDuration(text)
  return seconds !== undefined && (seconds < 0 || seconds >= 1)
}
