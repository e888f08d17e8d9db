import { isList, isObject, type Json, Numeral } from './json.ts'
import { type Member, type Model, modelOf, type Type, typeOf } from './shapes.ts'

/** How one kind of generated SDK treats the values that its models name. */
export interface Style {
  /** Whether null is fine for a member of the type. */
  nullIsFine(type: Type, member: Member | undefined): boolean
  /** Whether a required member may be null, or left out. */
  readonly nullForRequired: boolean
  readonly leftOut: boolean
  /** Whether values of the simple types are taken. */
  readonly simple: Readonly<Record<string, (value: Json) => boolean>>
  /** Whether a list, or a map, may be written as something else. */
  readonly listFrom?: (value: Json) => readonly Json[] | undefined
  readonly mapFrom?: (value: Json) => boolean
  /** Whether a model may be read from something that is no object. */
  readonly modelFrom?: (value: Json) => boolean
}

/** Reads documents with recorded models as one kind of SDK does. */
export class TypedReader {
  readonly #models: ReadonlyMap<string, Model>
  readonly #style: Style
  #refused: string[] = []

  constructor(models: Readonly<Record<string, string>>, style: Style) {
    this.#models = new Map(Object.entries(models).map(([name, text]) => [name, modelOf(text)]))
    this.#style = style
  }

  /** The members that it refuses, by name; the empty name stands for the document itself. */
  refused(value: Json, type: string): readonly string[] {
    this.#refused = []
    this.#read(value, typeOf(type), '', undefined)
    return this.#refused
  }

  #read(value: Json, type: Type, name: string, member: Member | undefined): void {
    const { simple, nullIsFine } = this.#style
    if (type.name === 'any') return
    const inner = this.#models.get(type.name)?.value
    if (inner !== undefined && (value !== null || inner.nullable)) {
      this.#read(value, inner, name, member)
      return
    }
    if (value === null) {
      if (!nullIsFine(type, member)) this.#refused.push(name)
      return
    }
    if (typeof value === 'string' && type.pattern !== undefined && !type.pattern.test(value)) {
      this.#refused.push(name)
      return
    }
    if (type.items !== undefined) this.#list(value, type.items, name)
    else if (type.values !== undefined) this.#map(value, type.values, name)
    else {
      const model = this.#models.get(type.name)
      if (model !== undefined) this.#model(value, model, name)
      else if (simple[type.name]?.(value) !== true) this.#refused.push(name)
    }
  }

  #list(value: Json, items: Type, name: string): void {
    const list = isList(value) ? value : this.#style.listFrom?.(value)
    if (list === undefined) this.#refused.push(name)
    for (const item of list ?? []) this.#read(item, items, name, undefined)
  }

  #map(value: Json, values: Type, name: string): void {
    if (isObject(value))
      for (const [key, item] of Object.entries(value)) this.#read(item, values, key, undefined)
    else if (this.#style.mapFrom?.(value) !== true) this.#refused.push(name)
  }

  #model(value: Json, model: Model, name: string): void {
    const given = isObject(value) ? value : {}
    if (!isObject(value) && this.#style.modelFrom?.(value) !== true) {
      this.#refused.push(name)
      return
    }
    for (const member of model.members) {
      const held = given[member.name]
      if (held === undefined) {
        if (member.required && !this.#style.leftOut) this.#refused.push(member.name)
      } else if (held === null && member.required && !this.#style.nullForRequired) {
        this.#refused.push(member.name)
      } else this.#read(held, member.type, member.name, member)
    }
    const known = new Set(model.members.map((member) => member.name))
    if (!model.open) this.#refused.push(...Object.keys(given).filter((key) => !known.has(key)))
  }
}

const isText = (value: Json): boolean => typeof value === 'string'
const isBoolean = (value: Json): boolean => typeof value === 'boolean'
const isWhole = (value: Json): boolean => value instanceof Numeral && value.whole
const isNumber = (value: Json): boolean => value instanceof Numeral
const isPlain = (value: Json): boolean => !isList(value) && !isObject(value)
const isMoment = (value: Json): boolean => typeof value === 'string' && !Number.isNaN(Date.parse(value))
const always = (): boolean => true
const isEmptyList = (value: Json): boolean => isList(value) && value.length === 0
const SIMPLE: readonly string[] = ['str', 'bool', 'int', 'num', 'time', 'object', 'list']
const isModel = ({ name, items, values }: Type): boolean =>
  items === undefined && values === undefined && !SIMPLE.includes(name)

/** Python before 1.9: members that are required must not be None; values are converted as Python's types do it. */
const setters: Style = {
  nullIsFine: () => true,
  nullForRequired: false,
  leftOut: false,
  simple: {
    str: always,
    bool: always,
    int: (value) => typeof value !== 'string' || /^\s*[+-]?\d+\s*$/.test(value),
    num: (value) => typeof value !== 'string' || !Number.isNaN(Number(value)),
    time: isMoment,
  },
  listFrom: (value) =>
    typeof value === 'string' ? [...value] : isObject(value) ? Object.keys(value) : undefined,
  modelFrom: always,
}

/** Python 1.9 to 2.2: every value is of its type, and null only where the model says so. */
const checked: Style = {
  nullIsFine: ({ nullable }) => nullable,
  nullForRequired: true,
  leftOut: false,
  simple: {
    str: isText,
    bool: isBoolean,
    int: isWhole,
    num: isNumber,
    time: isMoment,
    object: isObject,
    list: isList,
  },
  modelFrom: isEmptyList,
}

/** Python 25.4, by pydantic: None only for what is optional. */
const pydantic: Style = {
  nullIsFine: (type, member) =>
    type.nullable || (member === undefined && (isModel(type) || type.items !== undefined)),
  nullForRequired: false,
  leftOut: false,
  simple: { str: isText, bool: isBoolean, int: isWhole, num: isNumber, time: isMoment, object: isObject },
  listFrom: (value) => (isObject(value) ? Object.keys(value) : undefined),
}

/** Go's encoding/json: null is nothing, and what is required has to be there. */
const go: Style = {
  nullIsFine: always,
  nullForRequired: true,
  leftOut: false,
  simple: {
    str: isText,
    bool: isBoolean,
    int: (value) => value instanceof Numeral && value.fits64,
    time: (value) => isText(value) && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(String(value)),
  },
}

/** Java's Gson: null is nothing, plain values are converted. */
const gson: Style = {
  nullIsFine: always,
  nullForRequired: true,
  leftOut: true,
  simple: {
    str: isPlain,
    bool: (value) => isBoolean(value) || isText(value),
    int: (value) => {
      const number = value instanceof Numeral ? value : new Numeral(isText(value) ? String(value) : '')
      return number.whole ? number.fits64 : number.source !== '' && Number.isInteger(number.value)
    },
    num: isNumber,
    time: isMoment,
  },
  mapFrom: isEmptyList,
}

/** Java 2.0: as Gson, but only members it knows, and no null for text, lists and models. */
const gsonChecked: Style = {
  ...gson,
  nullIsFine: (type, member) =>
    member === undefined || !(type.name === 'str' || type.items !== undefined || isModel(type)),
  leftOut: false,
  simple: {
    ...gson.simple,
    int: (value) => value instanceof Numeral || /^-?\d+$/.test(isText(value) ? String(value) : ''),
  },
}

export const styles: Readonly<Record<string, Style>> = { setters, checked, pydantic, go, gson, gsonChecked }
