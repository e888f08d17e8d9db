import type { AnyValues, Flags, GlobalValues, Values } from './flags.ts'
import type { Result } from './output.ts'
import type { Server } from './server.ts'
import type { Terminal } from './terminal.ts'

/** One call of a command. */
export interface Call<Given extends AnyValues = AnyValues> {
  /** What was given for the command's own flags. */
  readonly flags: Given
  /** What was given for the flags of every command. */
  readonly globals: GlobalValues
  /** The arguments that are no flags, as many as the command takes. */
  readonly operands: readonly string[]
  readonly terminal: Terminal
  /** The server of `--endpoint`. Throws CliFailure if none is named. */
  server(): Server
}

/** A command, as `defineCommand` takes it. */
export interface Definition<F extends Flags> {
  /** The words that call it: `client list`. */
  readonly name: string
  /** Other words that call it, as Hydra's command has them. */
  readonly aliases?: readonly string[]
  /** What it does, in a line. */
  readonly about: string
  /** More about it, for its help. */
  readonly more?: string
  /** The arguments that are no flags, as the help shows them: `ID...`. Fewer than `least` or more than `most` are refused. */
  readonly operands?: { readonly shown: string; readonly least: number; readonly most: number }
  readonly flags: F
  /** Whether the command takes any flags, and looks at none. */
  readonly anyFlags?: true
  /** Command lines that a test runs. */
  readonly examples: readonly string[]
  /** Does it. Returns what there is to show. Throws CliFailure. */
  run(call: Call<Values<F>>): Promise<Result | undefined>
}

/** A command of any flags. */
export interface Command extends Omit<Definition<Flags>, 'run'> {
  run(call: Call): Promise<Result | undefined>
}

/** Defines a command. The types of its flags' values follow from the flags. */
export const defineCommand = <const F extends Flags>(definition: Definition<F>): Command => definition

/** Returns the first operand, of which `operands.least` said that it is there. */
export const operand = ({ operands }: Pick<Call, 'operands'>): string => operands[0] ?? ''
