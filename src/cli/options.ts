/**
 * Reads options out of arguments that are passed on to another tool untouched: `--name value`, `--name=value`,
 * and `--name a b` for options that take a list.
 */
export class Options {
  readonly args: readonly string[]

  /** Takes the arguments after the command's name; the `--` that npm and habit put before them is dropped. */
  constructor(args: readonly string[]) {
    this.args = args[0] === '--' ? args.slice(1) : args
  }

  /** Whether `--name` is given, with or without a value. */
  has(name: string): boolean {
    return this.args.some((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`))
  }

  /** Every value of `--name`, in order. */
  values(name: string): readonly string[] {
    return this.args.flatMap((arg, index) => {
      if (arg.startsWith(`--${name}=`)) return [arg.slice(name.length + 3)]
      if (arg !== `--${name}`) return []
      const rest = this.args.slice(index + 1)
      const end = rest.findIndex((value) => value.startsWith('-'))
      return end === -1 ? rest : rest.slice(0, end)
    })
  }

  /** The last value of `--name`, as the tools themselves take it. */
  value(name: string): string | undefined {
    return this.values(name).at(-1)
  }

  /** The Worker variables given as `--var NAME:VALUE`. */
  vars(): ReadonlyMap<string, string> {
    return new Map(
      this.values('var').map((text) => {
        const colon = text.indexOf(':')
        return colon === -1 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)]
      }),
    )
  }

  /** The given options of the named ones, ready to be passed to another tool: `['--name', 'value', …]`. */
  pick(...names: readonly string[]): readonly string[] {
    return names.flatMap((name) => {
      const value = this.value(name)
      return value === undefined ? [] : [`--${name}`, value]
    })
  }
}
