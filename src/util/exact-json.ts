/*
 * Reads JSON whose values go out again, in a token or an answer. Numbers are doubles here and text is UTF-16, so some
 * values would go out as other ones. They are refused instead of changed (RFC 8259 section 6, RFC 7493 section 2).
 */

/** A number or text that would not go out as it came in. */
export class InexactJson extends Error {
  /** The path of the member, such as `session.id_token.id`. */
  readonly member: string
  /** What the value must be. */
  readonly expected: string

  constructor(path: readonly string[], expected: string) {
    super('inexact')
    this.member = path.map(shown).join('.').slice(0, MAX_PATH)
    this.expected = expected
  }
}

/** Longest path that an error names, in characters. */
const MAX_PATH = 200

const NUMBER = 'a number that a double-precision float holds exactly: send it as text'
const TEXT = 'well-formed Unicode text'

/** What a text must contain to hold such a value; most have none of it, and are read at the usual speed. */
const SUSPICIOUS = /\d{16}|\d[.eE]|-0|\\u[dD][89a-fA-F]/

/** Where such a value was found: what holds the names so far, and these names, the innermost first. */
interface Found {
  holder: unknown
  readonly names: string[]
  readonly expected: string
}

/**
 * Parses JSON. Throws `InexactJson` if it holds a number that cannot be represented exactly, or text with a lone
 * surrogate; throws another error for what is not JSON.
 */
export function parseExactJson(text: string): unknown {
  if (!SUSPICIOUS.test(text)) return JSON.parse(text)
  let found: Found | undefined
  // A reviver sees members before what holds them.
  const parsed: unknown = JSON.parse(
    text,
    function (this: unknown, name: string, value: unknown, context?: Source) {
      if (found !== undefined && value === found.holder) {
        found.holder = this
        found.names.push(name)
      } else if (found === undefined) {
        const expected = name.isWellFormed() ? problemOf(value, context?.source) : TEXT
        if (expected !== undefined) found = { holder: this, names: [name], expected }
      }
      return value
    },
  )
  if (found === undefined) return parsed
  // The outermost name is the empty one of the whole text.
  throw new InexactJson(found.names.reverse().slice(1), found.expected)
}

/** What the platform tells of a value: the text of a primitive one. */
interface Source {
  readonly source?: string
}

function problemOf(value: unknown, source: string | undefined): string | undefined {
  if (typeof value === 'string') return value.isWellFormed() ? undefined : TEXT
  if (typeof value !== 'number') return undefined
  return source !== undefined && isExact(value, source) ? undefined : NUMBER
}

/** Whether a number goes out with the value of its source. Its form may differ: `1.0` and `1E2` become `1` and `100`. */
function isExact(value: number, source: string): boolean {
  if (!Number.isFinite(value) || Object.is(value, -0)) return false
  return decimalOf(source) === decimalOf(String(value))
}

/** A decimal number in one form for each value: its digits without zeros around them, and the exponent of the last. */
function decimalOf(source: string): string {
  const [, whole = '', fraction = '', exponent = '0'] =
    /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(source) ?? []
  const digits = whole + fraction
  let [start, end] = [0, digits.length]
  while (digits[start] === '0') start += 1
  if (start === end) return '0'
  while (digits[end - 1] === '0') end -= 1
  return `${digits.slice(start, end)}e${Number(exponent) - fraction.length + (digits.length - end)}`
}

/** A name as an error shows it, which may be logged: others may have written anything into it. */
const shown = (name: string): string => (/^[\p{L}\p{N}_.:/@#$-]{1,64}$/u.test(name) ? name : '?')
