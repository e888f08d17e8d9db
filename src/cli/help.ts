import type { Command } from './command.ts'
import { type Flag, type Flags, globalFlags } from './flags.ts'

const WIDTH = 24

const row = (left: string, right: string): string =>
  left.length < WIDTH ? `  ${left.padEnd(WIDTH)}${right}` : `  ${left}\n  ${' '.repeat(WIDTH)}${right}`

function flagRow([name, { short, value, about }]: readonly [string, Flag]): string {
  const names = short === undefined ? `--${name}` : `-${short}, --${name}`
  return row(value === undefined ? names : `${names} ${value}`, about)
}

const section = (title: string, rows: readonly string[]): readonly string[] =>
  rows.length === 0 ? [] : ['', title, ...rows]

/** Returns a line for each flag. */
export const flagRows = (flags: Flags): readonly string[] => Object.entries(flags).map(flagRow)

/** Returns how a command is called. */
export const callOf = ({ name, operands, flags }: Command): string =>
  ['ladon', name, operands?.shown ?? '', Object.keys(flags).length > 0 ? '[flags]' : '']
    .filter(Boolean)
    .join(' ')

/** Returns the help of a command. */
export const commandHelp = (command: Command): string =>
  [
    `Usage: ${callOf(command)}`,
    '',
    command.about,
    ...(command.more === undefined ? [] : ['', command.more]),
    ...section('Flags:', flagRows(command.flags)),
    ...section('Flags of every command:', flagRows(globalFlags)),
    ...section(
      'Also called:',
      (command.aliases ?? []).map((alias) => `  ladon ${alias}`),
    ),
    ...section(
      'For example:',
      command.examples.map((example) => `  ${example}`),
    ),
  ].join('\n')

/** Returns the commands that begin with a word, each by the name that does: its own, or else Hydra's. */
export const commandsWithin = (
  commands: readonly Command[],
  word: string,
): readonly Pick<Command, 'name' | 'about'>[] =>
  commands.flatMap(({ name, aliases = [], about }) => {
    const found = [name, ...aliases].find((each) => each.startsWith(`${word} `))
    return found === undefined ? [] : [{ name: found, about }]
  })

/** Returns the list of commands that begin with a word; of all without one. */
export function overview(commands: readonly Command[], words: string): string {
  const within = words === '' ? commands : commandsWithin(commands, words)
  return [
    `Usage: ladon ${words === '' ? '<command>' : `${words} <command>`} [flags]`,
    ...section(
      'Commands:',
      within.map(({ name, about }) => row(name, about)),
    ),
    ...section('Flags of every command:', flagRows(globalFlags)),
    '',
    'The key of the admin API is read from LADON_ADMIN_KEY. Exit codes: 0 done, 1 refused, 2 called wrongly, 3 no',
    'answer, 70 a fault of the command. "ladon <command> --help" has flags and examples.',
  ].join('\n')
}
