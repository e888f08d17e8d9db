import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { nearest } from '../util/nearest.ts'
import { usage } from './failure.ts'
import { plain } from './plain.ts'

/** A flag of a command. A list takes several values, each with commas or by another flag. */
export interface Flag {
  readonly kind: 'text' | 'list' | 'switch' | 'lines'
  readonly about: string
  readonly short?: string
  /** What stands for the value in the help. */
  readonly value?: string
}

/** The flags of a command by their names. */
export type Flags = Readonly<Record<string, Flag>>

/** What was given for flags. `lines` are taken as they are, one for each flag. */
export type Values<F extends Flags> = {
  readonly [Name in keyof F]: F[Name]['kind'] extends 'switch'
    ? boolean | undefined
    : F[Name]['kind'] extends 'text'
      ? string | undefined
      : readonly string[] | undefined
}

/** Returns a flag with a value. */
export const text = (about: string, value = 'TEXT') => ({ kind: 'text', about, value }) as const
/** Returns a flag with several values. */
export const list = (about: string, value = 'TEXT') => ({ kind: 'list', about, value }) as const
/** Returns a flag that is there or not; `--name=false` is as if it were not. */
export const toggle = (about: string) => ({ kind: 'switch', about }) as const

/** Flags of every command. */
export const globalFlags = {
  endpoint: {
    kind: 'text',
    short: 'e',
    value: 'URL',
    about: 'The server: its issuer. Else LADON_URL says it, or ORY_SDK_URL, which gets no key.',
  },
  'http-header': {
    kind: 'lines',
    short: 'H',
    value: "'NAME: VALUE'",
    about: 'A header of every request, for what stands before the server. Else lines of LADON_HEADERS.',
  },
  format: { kind: 'text', value: 'FORM', about: 'table, json, json-pretty or yaml.' },
  quiet: { kind: 'switch', short: 'q', about: 'Print ids only; of a rotated client the new secret.' },
  timeout: {
    kind: 'text',
    value: 'SECONDS',
    about: 'How long an answer may take; without it 5, and 30 for changes.',
  },
  'skip-tls-verify': { kind: 'switch', about: 'Take any certificate: for a server on your own machine.' },
  help: { kind: 'switch', short: 'h', about: 'Say how the command is used.' },
} as const satisfies Flags

/** What was given for the flags of every command. */
export type GlobalValues = Values<typeof globalFlags>

/** What was given for some flags. */
export type AnyValues = Readonly<Record<string, string | boolean | readonly string[] | undefined>>

/** Arguments of a command, read. */
export interface Given {
  readonly values: AnyValues
  readonly operands: readonly string[]
}

/** Splits a text at its commas, as lists are given. */
const items = (value: string): readonly string[] => value.split(',').filter((item) => item !== '')

/** Reads the arguments behind a command's name. Throws CliFailure for flags that there are not, or without their value. */
export function readFlags(args: readonly string[], flags: Flags): Given {
  const known: Flags = { ...flags, ...globalFlags }
  const options: ParseArgsOptionsConfig = Object.fromEntries(
    Object.entries(known).map(([name, { kind, short }]) => [
      name,
      { type: kind === 'switch' ? 'boolean' : 'string', multiple: true, ...(short && { short }) },
    ]),
  )
  // Strict parsing refuses `--name=false`, and `--max-age -1`, which Hydra's users write.
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  for (const token of tokens)
    if (token.kind === 'option') check(token.name, token.rawName, token.value, known)
  return {
    values: Object.fromEntries(
      Object.entries(values).map(([name, given]) => [name, givenFor(known[name], given)]),
    ),
    operands: positionals,
  }
}

function check(name: string, written: string, value: string | undefined, known: Flags): void {
  const flag = Object.hasOwn(known, name) ? known[name] : undefined
  if (flag === undefined) {
    const meant = nearest(name, Object.keys(known))
    throw usage(`There is no flag ${plain(written)}.`, meant && `Is --${meant} meant?`)
  }
  if (flag.kind !== 'switch' && value === undefined) throw usage(`${written} needs a value.`)
  if (flag.kind === 'switch' && value !== undefined && !/^(?:true|false)$/.test(value))
    throw usage(`${written} is there or not: it takes no value.`)
}

type Parsed = string | boolean | (string | boolean)[] | undefined

function givenFor(flag: Flag | undefined, given: Parsed): string | boolean | readonly string[] {
  const all = [given ?? []].flat()
  const last = all.at(-1)
  if (flag?.kind === 'switch') return last !== 'false'
  if (flag?.kind === 'text') return String(last)
  return all.flatMap((one) => (flag?.kind === 'list' ? items(String(one)) : String(one)))
}
