import type { FailureCode } from './failure.ts'
import { plain, safeJson, shownLine } from './plain.ts'
import type { Terminal } from './terminal.ts'
import { toYaml } from './yaml.ts'

/** The forms of `--format`. */
export const FORMATS = ['table', 'json', 'json-pretty', 'yaml'] as const
export type Format = (typeof FORMATS)[number]

/** A column: its heading, and what stands in it for an item. */
export type Column<T> = readonly [heading: string, cell: (item: T) => unknown]

/** What a command has to show, in each form. */
export interface Result {
  /** What JSON and YAML show. */
  readonly data: unknown
  /** The ids that `-q` shows. */
  readonly ids: readonly string[]
  /** What the table shows. */
  readonly lines: readonly string[]
  /** How the command ends; 0 without it. */
  readonly exitCode?: 0 | FailureCode
}

/** Returns one item, whose table has a line for each column. */
export function oneItem<T>(item: T, id: string, columns: readonly Column<T>[]): Result {
  const width = Math.max(...columns.map(([heading]) => heading.length))
  const lines = columns.map(([heading, cell]) => `${heading.padEnd(width)}  ${shown(cell(item))}`.trimEnd())
  return { data: item, ids: [id], lines }
}

/** Returns a list of items, whose table has a line for each of them. `data` is what JSON shows in their place. */
export function manyItems<T>(
  items: readonly T[],
  idOf: (item: T) => string,
  columns: readonly Column<T>[],
  data: unknown = items,
): Result {
  const rows = [
    columns.map(([heading]) => heading),
    ...items.map((item) => columns.map(([, cell]) => shown(cell(item)))),
  ]
  const widths = columns.map((_, at) => Math.max(...rows.map((row) => [...(row[at] ?? '')].length)))
  const lines = rows.map((row) =>
    row
      .map((cell, at) => cell + ' '.repeat((widths[at] ?? 0) - [...cell].length))
      .join('  ')
      .trimEnd(),
  )
  return { data, ids: items.map(idOf), lines }
}

/** Returns a result that is a sentence, with its JSON. */
export const sentence = (data: unknown, id: string, ...lines: readonly string[]): Result => ({
  data,
  ids: [id],
  lines: lines.map(plain),
})

function shown(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (Array.isArray(value)) return value.map(shown).join(', ')
  return plain(typeof value === 'string' ? value : safeJson(value))
}

/** Writes a result as the user wants it. */
export function print(
  terminal: Terminal,
  { data, ids, lines }: Result,
  format: Format,
  quiet: boolean,
): void {
  if (quiet) for (const id of ids) terminal.out(plain(id))
  else if (format === 'json') terminal.out(safeJson(data))
  else if (format === 'json-pretty') terminal.out(safeJson(data, 2))
  else if (format === 'yaml') terminal.out(toYaml(data))
  else for (const line of lines) terminal.out(shownLine(line, terminal.colours))
}
