import { parseArgs } from 'node:util'

/**
 * Reads options from arguments that are passed unchanged to another tool: `--name value`, `--name=value`, and `--name a
 * b` for options that take a list.
 */
export class Options {
  readonly args: readonly string[]
  readonly #tokens: ReturnType<typeof tokensOf>

  /** @param args - the arguments after the command's name; a `--` at the beginning is dropped */
  constructor(args: readonly string[]) {
    this.args = args[0] === '--' ? args.slice(1) : args
    this.#tokens = tokensOf(this.args)
  }

  /** Whether `--name` is given, with or without a value. */
  has(name: string): boolean {
    return this.#tokens.some((token) => token.kind === 'option' && nameOf(token.name) === name)
  }

  /** Returns the first option that is none of these, as it was given; undefined if all are. */
  beside(known: readonly string[]): string | undefined {
    const found = this.#tokens.find((token) => token.kind === 'option' && !known.includes(nameOf(token.name)))
    return found?.kind === 'option' ? found.rawName : undefined
  }

  /** Returns every value of an option with any of these names, in order. */
  values(...names: readonly string[]): readonly string[] {
    return this.#occurrences(...names).flat()
  }

  /** Returns the last value of `--name`. */
  value(name: string): string | undefined {
    return this.#occurrences(name).at(-1)?.[0]
  }

  /** Returns the Worker variables that are given as `--var NAME:VALUE`. */
  vars(): ReadonlyMap<string, string> {
    return new Map(
      this.values('var').map((text) => {
        const colon = text.indexOf(':')
        return colon === -1 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)]
      }),
    )
  }

  /** Returns those of the named options that are given, as arguments for another tool: `['--name', 'value', …]`. */
  pick(...names: readonly string[]): readonly string[] {
    return names.flatMap((name) => {
      const value = this.value(name)
      return value === undefined ? [] : [`--${name}`, value]
    })
  }

  /**
   * Returns the options without some of them, which another tool does not know.
   * @param flags - names of options without a value
   * @param values - names of options with one value each
   */
  without({
    flags,
    values,
  }: {
    readonly flags: readonly string[]
    readonly values: readonly string[]
  }): Options {
    const dropped = new Set(
      this.#tokens.flatMap((token, at) => {
        if (token.kind !== 'option') return []
        const name = nameOf(token.name)
        if (flags.includes(name)) return [token.index]
        if (!values.includes(name)) return []
        const next = token.value === undefined ? this.#tokens[at + 1] : undefined
        return [token.index, ...(next?.kind === 'positional' ? [next.index] : [])]
      }),
    )
    return new Options(this.args.filter((_, index) => !dropped.has(index)))
  }

  /** Returns the values after each occurrence of the named options, one list for each occurrence. */
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

/** Splits the arguments into tokens. No option is declared, because the other tool decides which options exist. */
function tokensOf(args: readonly string[]) {
  // parseArgs does not accept `-e=staging`, which wrangler does.
  const spelled = args.map((arg) => arg.replace(/^-([a-z])=/i, '--$1='))
  return parseArgs({ args: spelled, strict: false, allowPositionals: true, tokens: true }).tokens
}

/** The names of wrangler's options, by their short names. */
const LONG_NAMES: Readonly<Record<string, string>> = { c: 'config', e: 'env', h: 'help' }

/** Returns the long name of an option in kebab case, for example `env` for `e` and `env-file` for `envFile`. */
const nameOf = (name: string): string =>
  LONG_NAMES[name] ?? name.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`)
