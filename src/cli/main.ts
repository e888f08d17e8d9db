import { nearest } from '../util/nearest.ts'
import type { Command } from './command.ts'
import { commands } from './commands/registry.ts'
import { CliFailure, usage } from './failure.ts'
import { type AnyValues, type Flag, type GlobalValues, globalFlags, readFlags } from './flags.ts'
import { commandHelp, commandsWithin, overview } from './help.ts'
import { FORMATS, type Format, print } from './output.ts'
import { serverOf } from './server.ts'
import { tell, tellFault } from './tell.ts'
import type { Terminal } from './terminal.ts'

/** The exit code of a fault of the command itself (`EX_SOFTWARE` of sysexits). */
const OWN_FAULT = 70

/** Runs the command that arguments name. Returns the exit code. */
export async function main(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await run(args, terminal)
  } catch (thrown) {
    if (thrown instanceof CliFailure) {
      tell(thrown, terminal)
      return thrown.exitCode
    }
    tellFault(thrown, terminal)
    return OWN_FAULT
  }
}

async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const { words, rest } = splitWords(args)
  const found = findCommand(words)
  if (found === undefined) return withoutCommand(words, rest, terminal)
  const { command, operands } = found
  const given = command.anyFlags ? ignored(rest) : readFlags([...operands, ...rest], command.flags)
  const globals = globalsOf(given.values)
  if (globals.help) {
    terminal.out(commandHelp(command))
    return 0
  }
  const format = formatOf(globals.format)
  checkOperands(command, given.operands)
  const result = await command.run({
    flags: given.values,
    globals,
    operands: given.operands,
    terminal,
    server: () => serverOf(globals, terminal),
  })
  if (result === undefined) return 0
  print(terminal, result, format, globals.quiet === true)
  return result.exitCode ?? 0
}

/** What counts of arguments that do not matter: whether help is asked for. */
const ignored = (rest: readonly string[]): ReturnType<typeof readFlags> => ({
  values: { help: rest.includes('--help') || rest.includes('-h') },
  operands: [],
})

/** Takes the words before the first flag that is no global one; global flags among them go to the rest. */
function splitWords(args: readonly string[]): { words: readonly string[]; rest: readonly string[] } {
  const words: string[] = []
  const rest: string[] = []
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? ''
    if (!arg.startsWith('-')) {
      words.push(arg)
      continue
    }
    const flag = Object.entries<Flag>(globalFlags).find(
      ([name, { short }]) => arg === `--${name}` || (short !== undefined && arg === `-${short}`),
    )
    if (flag === undefined && !isGlobalWithValue(arg)) return { words, rest: [...rest, ...args.slice(at)] }
    rest.push(arg)
    if (flag === undefined || flag[1].kind === 'switch') continue
    at += 1
    rest.push(...args.slice(at, at + 1))
  }
  return { words, rest }
}

const isGlobalWithValue = (arg: string): boolean =>
  Object.keys(globalFlags).some((name) => arg.startsWith(`--${name}=`))

/** Finds the command with most words of the beginning. */
function findCommand(
  words: readonly string[],
): { readonly command: Command; readonly operands: readonly string[] } | undefined {
  for (let count = Math.min(words.length, MOST_WORDS); count > 0; count -= 1) {
    const name = words.slice(0, count).join(' ')
    const command = commands.find((each) => each.name === name || each.aliases?.includes(name))
    if (command !== undefined) return { command, operands: words.slice(count) }
  }
  return undefined
}

const MOST_WORDS = 2

function withoutCommand(words: readonly string[], rest: readonly string[], terminal: Terminal): number {
  const asked = words[0] === 'help' ? words.slice(1) : words
  const helpWanted = words[0] === 'help' || rest.includes('--help') || rest.includes('-h')
  const found = helpWanted ? findCommand(asked) : undefined
  if (found !== undefined) {
    terminal.out(commandHelp(found.command))
    return 0
  }
  const name = asked.slice(0, MOST_WORDS).join(' ')
  const group = commandsWithin(commands, name).length > 0
  if (name === '' || (group && asked.length === 1)) {
    terminal.out(overview(commands, name))
    return name === '' || helpWanted ? 0 : 2
  }
  const meant = nearest(
    name,
    commands.flatMap((command) => [command.name, ...(command.aliases ?? [])]),
  )
  throw usage(
    `There is no command "${name}".`,
    meant ? `Is "ladon ${meant}" meant?` : '"ladon --help" lists them.',
  )
}

/** The values were read by these very flags. */
const globalsOf = (values: AnyValues): GlobalValues => values as GlobalValues

function formatOf(given: string | undefined): Format {
  const format = FORMATS.find((each) => each === (given ?? 'table'))
  if (format === undefined) throw usage(`--format takes one of ${FORMATS.join(', ')}.`)
  return format
}

function checkOperands({ name, operands }: Command, given: readonly string[]): void {
  const { shown = '', least = 0, most = 0 } = operands ?? {}
  if (given.length >= least && given.length <= most) return
  throw usage(
    given.length < least ? `${shown} is missing.` : `"${name}" takes ${most === 0 ? 'no arguments' : shown}.`,
    `Called as: ladon ${[name, shown].filter(Boolean).join(' ')}. "ladon ${name} --help" has examples.`,
  )
}
