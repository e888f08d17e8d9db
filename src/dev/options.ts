import { parseArgs } from 'node:util'

/**
 * Reads options out of arguments that are passed on to another tool untouched: `--name value`, `--name=value`,
 * and `--name a b` for options that take a list.
 */
export class Options {
  readonly args: readonly string[]
  readonly #tokens: ReturnType<typeof tokensOf>

  /** Takes the arguments after the command's name; the `--` that npm and habit put before them is dropped. */
  constructor(args: readonly string[]) {
    this.args = args[0] === '--' ? args.slice(1) : args
    this.#tokens = tokensOf(this.args)
  }

  /** Whether `--name` is given, with or without a value. */
  has(name: string): boolean {
    return this.#tokens.some((token) => token.kind === 'option' && nameOf(token.name) === name)
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
    return this.#tokens.flatMap((token, index) => {
      if (token.kind !== 'option' || !names.includes(nameOf(token.name))) return []
      if (token.value !== undefined) return [[token.value]]
      const rest = this.#tokens.slice(index + 1)
      const end = rest.findIndex(({ kind }) => kind !== 'positional')
      return [
        (end === -1 ? rest : rest.slice(0, end)).flatMap((next) =>
          'value' in next ? (next.value ?? []) : [],
        ),
      ]
    })
  }
}

/** The arguments as tokens. Which options there are is the other tool's business, so none is declared. */
function tokensOf(args: readonly string[]) {
  // parseArgs knows no `-e=staging`, which wrangler takes.
  const spelled = args.map((arg) => arg.replace(/^-([a-z])=/i, '--$1='))
  return parseArgs({ args: spelled, strict: false, allowPositionals: true, tokens: true }).tokens
}

/** Short names that wrangler takes, and what they are short for. */
const SHORT: Readonly<Record<string, string>> = { c: 'config', e: 'env', h: 'help' }

/** The name of an option in the one spelling this class knows: `e` and `envFile` are others. */
const nameOf = (name: string): string =>
  SHORT[name] ?? name.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`)
