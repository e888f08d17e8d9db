/** Generated SDKs differ in shape, not in kind: they are called by name, and what they give is looked at as plain data. */

/** A member of whatever an SDK exports or returns; undefined where there is none. */
export function member(target: unknown, name: string): unknown {
  return target === undefined || target === null ? undefined : Reflect.get(Object(target), name)
}

/** Calls a method by name; throws when there is none. */
export function invoke(target: unknown, name: string, args: readonly unknown[] = []): unknown {
  const method = member(target, name)
  if (typeof method !== 'function') throw new Error(`no method ${name}`)
  return Reflect.apply(method, target, args)
}

/** Makes an instance of an exported class; throws when there is none. */
export function construct(module: unknown, name: string, args: readonly unknown[] = []): object {
  const made = member(module, name)
  if (typeof made !== 'function') throw new Error(`no class ${name}`)
  return Reflect.construct(made, args)
}

/** A class instance, with dates and models in it, as the JSON it stands for, its member names spelled as on the wire. */
export function toWire(data: unknown): unknown {
  return data === undefined ? undefined : rename(JSON.parse(JSON.stringify(data)), toSnake)
}

/** JSON with its member names spelled as the older TypeScript SDKs want them. */
export const toCamel = (data: unknown): unknown =>
  rename(data, (name) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()))

const toSnake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

function rename(data: unknown, spell: (name: string) => string): unknown {
  if (Array.isArray(data)) return data.map((item) => rename(item, spell))
  if (typeof data !== 'object' || data === null || data instanceof Date) return data
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [spell(name), rename(value, spell)]))
}
