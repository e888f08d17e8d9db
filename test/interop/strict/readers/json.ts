/** A number as it is written. */
export class Numeral {
  readonly source: string

  constructor(source: string) {
    this.source = source
  }

  /** Without a fraction or an exponent. */
  get whole(): boolean {
    return /^-?\d+$/.test(this.source)
  }

  get value(): number {
    return Number(this.source)
  }

  /** Whether a signed integer of 64 bits holds it. */
  get fits64(): boolean {
    return this.whole && BigInt.asIntN(64, BigInt(this.source)) === BigInt(this.source)
  }
}

export type Json = null | boolean | string | Numeral | readonly Json[] | { readonly [name: string]: Json }

/** Parses JSON and keeps its numbers as they are written. */
export function parseJson(text: string): Json {
  const keep = (_: string, value: unknown, context?: { readonly source?: string }): unknown =>
    typeof value === 'number' ? new Numeral(context?.source ?? String(value)) : value
  return JSON.parse(text, keep)
}

export const isList = (value: Json): value is readonly Json[] => Array.isArray(value)

export const isObject = (value: Json): value is { readonly [name: string]: Json } =>
  typeof value === 'object' && value !== null && !isList(value) && !(value instanceof Numeral)
