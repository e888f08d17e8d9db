import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** The files whose comments, tables and titles may cite the law. */
const CITING = /\.(?:[cm]?[jt]sx?|jsonc|md|sql|toml)$/

/** One number that a text cites. */
export interface Citation {
  readonly document: 'contract' | 'design'
  /** `3.11`; `rule 5` or `invariant 1`; or below section 6 of the contract the name of a suite, `openid/logout`. */
  readonly target: string
}

/** A file that may cite. */
export interface Text {
  /** Path from the repository's root. */
  readonly path: string
  readonly text: string
}

const ITEM = /(?:(sections?|rules?|invariants?)\s+)?(\d+(?:\.\d+)*)(?:\s+`[^`]+`)?/
const SUITE = /(?:,?\s+((?:admin|oauth2|openid)\/[a-z_]+))?/
const BETWEEN = /(?:,\s*(?:and\s+)?|\s+and\s+)/
const ENTRY = new RegExp(ITEM.source + SUITE.source, 'gi')
const LIST = new RegExp(
  `\\b(contract|design)\\s+(${ITEM.source}${SUITE.source}(?:${BETWEEN.source}${ITEM.source}${SUITE.source})*)`,
  'gi',
)

/** A citation may go on in the comment's next line. */
export const unwrap = (text: string): string => text.replace(/\n[ \t]*(?:\*(?!\/)|\/\/|>)?[ \t]*/g, ' ')

/** Everything of the contract and of the design that a text cites, in order. */
export function citationsIn(text: string): readonly Citation[] {
  return [...unwrap(text).matchAll(LIST)].flatMap(([, name = '', list = '']) => {
    const document = name.toLowerCase() === 'contract' ? 'contract' : 'design'
    // What follows a comma is of the kind that was named last: "rules 2 and 3".
    let kind = 'section'
    return [...list.matchAll(ENTRY)].flatMap(([, named, number = '', suite]) => {
      kind = named?.toLowerCase().replace(/s$/, '') ?? kind
      const cited = { document, target: kind === 'section' ? number : `${kind} ${number}` } as const
      return suite === undefined ? [cited] : [cited, { document, target: suite } as const]
    })
  })
}

/** The numbers of a document's headings, and the suites that it lists by name. */
export const headingsOf = (document: string): readonly string[] =>
  [
    ...document.matchAll(
      /^(?:#{2,4} (\d+(?:\.\d+)*)\.?(?= )|- \*\*((?:admin|oauth2|openid)\/[a-z_]+)\*\*)/gm,
    ),
  ].map(([, number, suite = '']) => number ?? suite)

/** The sections of its own that a document refers to by "section 3.11"; of an RFC it writes the bare numbers. */
export const sectionsCitedIn = (document: string): readonly string[] =>
  [...unwrap(document).matchAll(/\bsections? (\d+(?:\.\d+)*(?:(?:,| and) \d+(?:\.\d+)*)*)/gi)].flatMap(
    ([, list = '']) => list.match(/\d+(?:\.\d+)*/g) ?? [],
  )

/** The items of the numbered list below a heading, as `rule 1`. */
export function itemsOf(document: string, heading: string, kind: string): readonly string[] {
  const below = document.split(new RegExp(`^#+ ${heading}$`, 'm'))[1]?.split(/^#/m)[0] ?? ''
  return [...below.matchAll(/^(\d+)\. /gm)].map(([, number = '']) => `${kind} ${number}`)
}

/** The text of a file, by its path from the repository's root. */
export const readText = (path: string): string => readFileSync(`${ROOT}${path}`, 'utf8')

/** Every file of the repository that may cite: those of its folders, and those beside them. */
export function citingTexts(): readonly Text[] {
  const within = ['src', 'test', 'docs', 'migrations'].flatMap((folder) =>
    readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
  )
  const paths = [...readdirSync(ROOT), ...within].filter((path) => CITING.test(path))
  return paths.map((path) => ({ path, text: readText(path) }))
}
