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
    return this.args.some((arg) => nameOf(arg) === name)
  }

  /** Every value of `--name` and of its other names, in order. */
  values(...names: readonly string[]): readonly string[] {
    return this.#occurrences(...names).flat()
  }

  /** The value that `--name` was given last. */
  value(name: string): string | undefined {
    return this.#occurrences(name).at(-1)?.[0]
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

  /** What followed each `--name`, one list for each time it is given. */
  #occurrences(...names: readonly string[]): readonly (readonly string[])[] {
    return this.args.flatMap((arg, index) => {
      if (!names.includes(nameOf(arg) ?? '')) return []
      const equals = arg.indexOf('=')
      if (equals !== -1) return [[arg.slice(equals + 1)]]
      const rest = this.args.slice(index + 1)
      const end = rest.findIndex((value) => value.startsWith('-'))
      return [end === -1 ? rest : rest.slice(0, end)]
    })
  }
}

/** Short names that wrangler takes, and what they are short for. */
const SHORT: Readonly<Record<string, string>> = { c: 'config', e: 'env', h: 'help' }

/** The name an argument gives an option by, in the one spelling this class knows: `-e` and `--envFile` are others. */
function nameOf(arg: string): string | undefined {
  const [, long, short = ''] = /^(?:--([a-z][\w-]*)|-([a-z]))(?:=|$)/i.exec(arg) ?? []
  return long?.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`) ?? SHORT[short]
}
