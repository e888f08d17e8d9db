import type { Document, Paths } from '../documents.ts'
import { parseJson } from './json.ts'
import { refusedByMcp } from './mcp.ts'
import { refusedByNimbus } from './nimbus.ts'
import { styles, TypedReader } from './typed.ts'

/** What real software said about the corpus, and what its models ask for. */
export interface Recorded {
  readonly date: string
  readonly software: string
  readonly version: string
  readonly runtime: string
  /** The kind of reader that reproduces it. */
  readonly style: string
  /** Whose paths it calls, beside the public ones. */
  readonly paths: Paths
  /** What it reads each kind of document as. */
  readonly kinds: Readonly<Record<string, string>>
  readonly models: Readonly<Record<string, string>>
  /** How many documents it read, and which. */
  readonly read: string
  /** Documents that it refused, and the member that it named, if any. */
  readonly refused: Readonly<Record<string, string>>
}

/** Says which members of a document a piece of software refuses; none if it takes the document. */
export type Reader = (document: Document) => readonly string[]

/** A reader of our own that reads as the recorded software does. */
export function readerOf({ style, kinds, models, version }: Recorded): Reader {
  if (style === 'mcp') return (document) => refusedByMcp(document) ?? []
  if (style === 'nimbus') return (document) => refusedByNimbus(document, version)
  const rules = styles[style]
  if (rules === undefined) throw new Error(`no reader of style ${style}`)
  const reader = new TypedReader(models, rules)
  return ({ kind, text }) => reader.refused(parseJson(text), kinds[kind] ?? 'any')
}
