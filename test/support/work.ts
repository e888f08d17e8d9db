/**
 * Counts the work that code asks of the runtime, in characters and entries: every call of a native that reads all of what
 * it is given is charged with the size of that. So a list that is searched once for each of its entries costs its square,
 * whatever the clock of a shared machine says. Loops of the code's own show by the natives that they call.
 */
let spent = 0
let running = false
/** Set while a native runs that calls other counted natives itself. */
let inside = false

type Cost = (self: unknown, args: readonly unknown[], result: unknown) => number

const undo: (() => void)[] = []

/** Puts a counting function in the place of a method until `stopCounting`. */
function count(owner: object, names: readonly PropertyKey[], cost: Cost, closed = false): void {
  for (const name of names) {
    const descriptor = Object.getOwnPropertyDescriptor(owner, name)
    const real: unknown = descriptor?.value
    if (descriptor === undefined || typeof real !== 'function') throw new Error(`no method ${String(name)}`)
    const counting = function (this: unknown, ...args: unknown[]): unknown {
      if (!running || inside) return Reflect.apply(real, this, args)
      inside = closed
      try {
        const result: unknown = Reflect.apply(real, this, args)
        spent += cost(this, args, result)
        return result
      } finally {
        inside = false
      }
    }
    Object.defineProperty(owner, name, { ...descriptor, value: counting })
    undo.push(() => Object.defineProperty(owner, name, descriptor))
  }
}

/** Counts what is given to a constructor. */
function countMaking(name: string, real: typeof URL | typeof URLSearchParams): void {
  const counting = new Proxy(real, {
    construct(target, args, self) {
      if (running && !inside) spent += sizeOf(args[0])
      return Reflect.construct(target, args, self)
    },
  })
  Reflect.set(globalThis, name, counting)
  undo.push(() => Reflect.set(globalThis, name, real))
}

/** Characters of a text, bytes of a buffer, entries of anything else. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value.byteLength
  if (Array.isArray(value)) return value.length
  if (value instanceof Map || value instanceof Set) return value.size
  if (value instanceof URLSearchParams) return value.size
  return typeof value === 'object' && value !== null ? Reflect.ownKeys(value).length : 1
}

const whole: Cost = (self) => 1 + sizeOf(self)
const given: Cost = (_self, args) => 1 + sizeOf(args[0])
const made: Cost = (_self, _args, result) => 1 + sizeOf(result)

/**
 * What a search costs at worst. One that may start anywhere, and repeats without bound before it asks for more, may read
 * on to the end from every character; a pattern that is bound to the start of the text, or of a word, reads it once.
 */
function searchCost(pattern: RegExp, length: number): number {
  const bound = pattern.sticky || /^(?:\^|\(\?<!|\(\?:\^\|)/.test(pattern.source)
  const repeats = /(?:[*+]|\{\d+,\})./.test(pattern.source.replace(/\\.|\[[^\]]*\]/g, 'x'))
  return 1 + (bound || !repeats ? length : length * length)
}

/** From where a text is searched to where something is found, or to the end. */
const scanned: Cost = (self, args, result) => {
  const from = Number(args[1] ?? 0)
  return 1 + (result === -1 ? sizeOf(self) : Number(result)) - Math.min(from, sizeOf(self))
}

const ofPattern: Cost = (self, args) =>
  self instanceof RegExp ? searchCost(self, String(args[0]).length) : 0

const byPattern: Cost = (self, args) =>
  args[0] instanceof RegExp ? searchCost(args[0], sizeOf(self)) : whole(self, args, undefined)

/** Lists that belong to a URL: each change writes the whole query anew. */
const bound = new WeakSet<object>()

const changed: Cost = (self, args) => {
  const list = self instanceof URLSearchParams ? self : new URLSearchParams()
  return 1 + sizeOf(args[1]) + (bound.has(list) ? list.toString().length : 0)
}

/** A call that begins new work in native code, however little it is given. */
const CALL = 100

/** Begins to count; natives stay replaced until `stopCounting`. */
export function startCounting(): void {
  const array = Array.prototype
  const walks =
    'includes indexOf find findIndex some every filter map flatMap flat join reduce concat forEach'
  count(array, [...walks.split(' '), 'slice', 'entries', Symbol.iterator], whole)
  count(array, ['sort', 'toSorted'], (self) => 1 + sizeOf(self) * Math.ceil(Math.log2(sizeOf(self) + 2)))
  count(String.prototype, ['split', 'replace', 'replaceAll', 'match', 'search'], byPattern, true)
  count(String.prototype, ['indexOf'], scanned)
  const reads = 'includes lastIndexOf toLowerCase toUpperCase trim normalize isWellFormed'
  count(String.prototype, reads.split(' '), whole)
  count(String.prototype, ['startsWith', 'endsWith'], given)
  count(RegExp.prototype, ['test', 'exec'], ofPattern, true)
  count(Map.prototype, ['get', 'has', 'set'], given)
  count(Set.prototype, ['has', 'add'], given)
  count(Map.prototype, [Symbol.iterator, 'values', 'keys', 'forEach'], whole)
  count(Set.prototype, [Symbol.iterator, 'forEach'], whole)
  count(Object, ['keys', 'values', 'entries', 'assign'], given)
  count(Object, ['fromEntries'], made)
  count(JSON, ['parse'], given)
  count(JSON, ['stringify'], made)
  count(TextDecoder.prototype, ['decode'], given)
  count(TextEncoder.prototype, ['encode'], given)
  const crypt = Object.getPrototypeOf(crypto.subtle)
  count(crypt, ['importKey', 'sign', 'verify', 'digest', 'encrypt', 'decrypt'], (_self, args) =>
    args.reduce<number>((sum, arg) => sum + sizeOf(arg), CALL),
  )
  const list = URLSearchParams.prototype
  count(list, ['append', 'delete'], changed)
  count(list, ['set'], (self, args, result) => sizeOf(self) + changed(self, args, result))
  count(list, ['get', 'getAll', 'has', Symbol.iterator], whole)
  count(list, ['toString'], made)
  countMaking('URL', URL)
  countMaking('URLSearchParams', URLSearchParams)
  markBoundLists()
}

function markBoundLists(): void {
  const descriptor = Object.getOwnPropertyDescriptor(URL.prototype, 'searchParams')
  const real = descriptor?.get
  if (descriptor === undefined || real === undefined) throw new Error('no lists of URLs')
  Object.defineProperty(URL.prototype, 'searchParams', {
    ...descriptor,
    get(this: URL): unknown {
      const list: unknown = Reflect.apply(real, this, [])
      if (list instanceof URLSearchParams) bound.add(list)
      return list
    },
  })
  undo.push(() => Object.defineProperty(URL.prototype, 'searchParams', descriptor))
}

/** Puts the natives back. */
export function stopCounting(): void {
  for (const restore of undo.splice(0).reverse()) restore()
}

/** The work of one operation. */
export async function workOf(operation: () => Promise<unknown>): Promise<number> {
  spent = 0
  running = true
  try {
    await operation()
  } finally {
    running = false
  }
  return spent
}
