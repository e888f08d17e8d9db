import { type Milliseconds, milliseconds, type Seconds, seconds } from '../util/clock.ts'
import { parseDuration } from '../util/duration.ts'
import { isLoopbackHost } from '../util/loopback.ts'
import { SCOPE_TOKEN } from '../util/scope.ts'

/** Parses the text of one setting. */
export interface Parser<T> {
  /** What the text must be, in words that follow "must be". */
  readonly expected: string
  /** Returns the value; `undefined` for a bad text. */
  parse(text: string): T | undefined
}

/** Returns a parser for a setting that may be absent: an empty text is null. */
export function optional<T>(parser: Parser<T>): Parser<T | null> {
  return { expected: parser.expected, parse: (text) => (text === '' ? null : parser.parse(text)) }
}

/** Returns a parser for a setting that may be turned off: `off` is null. */
export function orOff<T>(parser: Parser<T>): Parser<T | null> {
  const expected = `${parser.expected}, or off`
  return { expected, parse: (text) => (/^off$/i.test(text) ? null : parser.parse(text)) }
}

/**
 * Returns a parser for a Go duration in whole seconds.
 * @param least the shortest duration, seconds.
 * @param most the longest duration, seconds.
 * @param mostText the longest duration as the error message shows it.
 */
export function duration(least: number, most = Number.MAX_SAFE_INTEGER, mostText = ''): Parser<Seconds> {
  const shortest = least % 3600 === 0 ? `${least / 3600}h` : `${least}s`
  const bound = mostText === '' ? '' : `, at most ${mostText}`
  return {
    expected: `a duration in whole seconds such as 30m or 1h30m, at least ${shortest}${bound}`,
    parse: (text) => {
      const parsed = parseDuration(text)
      return parsed !== undefined && Number.isInteger(parsed) && parsed >= least && parsed <= most
        ? seconds(parsed)
        : undefined
    },
  }
}

/** Parses how long an answer is waited for: a Go duration, which the platform's own limits bound. */
export const patience: Parser<Milliseconds> = {
  expected: 'a duration such as 500ms or 5s, from 100ms to 25s',
  parse: (text) => {
    const ms = Math.round((parseDuration(text) ?? 0) * 1000)
    return ms >= 100 && ms <= 25_000 ? milliseconds(ms) : undefined
  },
}

/** Parses a lifetime of at least one second; `-1` is unlimited and gives null. */
export const unlimitedDuration: Parser<Seconds | null> = {
  expected: 'a duration in whole seconds such as 720h, or -1 for unlimited',
  parse: (text) => (text === '-1' ? null : duration(1).parse(text)),
}

/** Returns a parser for a whole number within bounds. */
export function integer(least: number, most: number): Parser<number> {
  return {
    expected: `a whole number from ${least} to ${most}`,
    parse: (text) => {
      const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
      return value >= least && value <= most ? value : undefined
    },
  }
}

/** Parses which requests without a failure are logged, as a share of them: `all` is 1, `errors` is 0. */
export const share: Parser<number> = {
  expected: 'all, errors, or a share such as 0.02 or 2%',
  parse: (text) => {
    if (/^all$/i.test(text)) return 1
    if (/^errors$/i.test(text)) return 0
    const [, number, percent] = /^(\d{1,3}(?:\.\d{1,6})?)(%?)$/.exec(text) ?? []
    const value = Number(number) / (percent === '%' ? 100 : 1)
    return value >= 0 && value <= 1 ? value : undefined
  },
}

/** Parses a boolean, in the words of Go's `ParseBool` too, which Hydra reads. */
export const flag: Parser<boolean> = {
  expected: 'true or false (also on, off, t, f, 1, 0)',
  parse: (text) => /^(?:true|on|t|1)$/i.test(text) || (/^(?:false|off|f|0)$/i.test(text) ? false : undefined),
}

/** Returns a parser for one of a few words in any case. The result has the case of `words`. */
export function oneOf<const T extends string>(...words: readonly T[]): Parser<T> {
  return {
    expected: `one of ${words.join(', ')}`,
    parse: (text) => words.find((word) => word.toLowerCase() === text.toLowerCase()),
  }
}

/** Returns a parser for a text that passes a test. */
export function textThat(expected: string, test: (text: string) => boolean): Parser<string> {
  return { expected, parse: (text) => (test(text) ? text : undefined) }
}

/** Splits the text of a setting into the items of a list; `undefined` if it is malformed. */
type Split = (text: string) => readonly string[] | undefined

/**
 * Splits at commas. As in Hydra, an item in double quotes may hold commas, and two quotes in it stand for one (RFC 4180
 * section 2).
 */
const splitQuoted: Split = (text) => {
  const items: string[] = []
  for (const [item, quoted, plain = ''] of `,${text}`.matchAll(CSV_ITEM)) {
    if (item === '') return undefined
    items.push(quoted?.replaceAll('""', '"') ?? plain)
  }
  return items
}

/** Matches a comma and an item, or nothing where there is neither. */
const CSV_ITEM = /,\s*(?:"((?:[^"]|"")*)"\s*(?=,|$)|(?!\s*")([^,]*))|(?!^|$)/g

/** Splits at commas and nowhere else. */
export const splitPlain: Split = (text) => text.split(',')

/** Splits at commas and spaces. */
const splitWords: Split = (text) => splitQuoted(text)?.flatMap((item) => item.split(/[ \t\r\n]/))

/** Returns a parser for a comma-separated list or a JSON array. Empty items are dropped. `item.expected` is plural. */
export function listOf<T>(item: Parser<T>, split: Split = splitQuoted): Parser<readonly T[]> {
  return {
    expected: `a comma-separated list or a JSON array of ${item.expected}`,
    parse: (text) => {
      const values = (text.startsWith('[') ? jsonList(text) : split(text))
        ?.map((value) => value.trim())
        .filter((value) => value !== '')
        .map((value) => item.parse(value))
      return values?.every((value) => value !== undefined) ? values : undefined
    },
  }
}

/** Parses a list of scope tokens (RFC 6749 section 3.3), which spaces may separate too. */
export const scopeList = listOf(
  textThat('scope tokens', (text) => SCOPE_TOKEN.test(text)),
  splitWords,
)

/** Parses at least one scope token, in every form of a list; returns them with single spaces between. */
export const scopeText: Parser<string> = {
  expected: scopeList.expected,
  parse: (text) => scopeList.parse(text)?.join(' ') || undefined,
}

/** Parses a list of texts. */
export const list = listOf(textThat('strings', () => true))

/**
 * Parses an https URL, or an http URL of a loopback host, without credentials, query and fragment (RFC 8414 section 2).
 * Returns the text unchanged.
 */
export const serverUrl = textThat(
  'an https URL (http only on a loopback host) without user name, query or fragment',
  (text) => {
    const url = absoluteUrl(text)
    if (url === undefined || /[?#]/.test(text)) return false
    return url.protocol === 'https:' || isLoopbackHost(url.hostname)
  },
)

/** Parses the address of a page: an http or https URL, or a path on this server. */
export const pageUrl = textThat(
  'an http or https URL without fragment, or a path that starts with one slash',
  (text) => !/[#\\\s]/.test(text) && (/^\/(?!\/)/.test(text) || absoluteUrl(text) !== undefined),
)

/** Parses a list of hosts, with the port unless it is the default. The result is in the form of `URL.host`. */
export const hosts = listOf({
  expected: 'host names such as login.example or login.example:8443',
  parse: (text) =>
    /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/.test(text)
      ? URL.parse(`https://${text}`)?.host
      : undefined,
})

const HOST_PATTERN = /^(\*\.)?([^\s/?#@:*]+|\[[0-9A-Fa-f:.]+\])$/

/** Parses a list of hosts without port, or of all hosts below one, in the form of `URL.hostname`. */
export const hostPatterns = listOf({
  expected: 'host names without port such as app.example or *.app.example',
  parse: (text) => {
    const [, below = '', host = ''] = HOST_PATTERN.exec(text) ?? []
    const name = URL.parse(`https://${host}`)?.hostname
    return name ? below + name : undefined
  },
})

/** Parses a list of URI schemes in lower case (RFC 3986 section 3.1). */
export const schemes = listOf({
  expected: 'URI schemes such as https or com.example.app',
  parse: (text) => (/^[a-z][a-z0-9+.-]*$/i.test(text) ? text.toLowerCase() : undefined),
})

/** Parses an http or https URL without credentials; `undefined` for any other text. */
export function absoluteUrl(text: string): URL | undefined {
  const url = /^https?:\/\/[^/\s]/i.test(text) && !/[\s\\]/.test(text) ? URL.parse(text) : null
  return url === null || url.username !== '' || url.password !== '' ? undefined : url
}

function jsonList(text: string): readonly string[] | undefined {
  const value = jsonOf(text)
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined
}

/** Parses JSON; `undefined` if the text is not JSON. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
