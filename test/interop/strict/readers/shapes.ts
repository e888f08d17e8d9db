/** A type in the notation of the records: `str`, `[str]`, `{any}`, a model's name; `?` may be null, `~` a pattern. */
export interface Type {
  readonly name: string
  readonly nullable: boolean
  readonly items?: Type
  readonly values?: Type
  readonly pattern?: RegExp
}

export interface Member {
  readonly name: string
  readonly required: boolean
  readonly type: Type
}

/** What a typed model asks of a JSON value. */
export interface Model {
  readonly members: readonly Member[]
  /** Whether members of other names are fine. */
  readonly open: boolean
  /** Of a model that is no object but a value of this type. */
  readonly value?: Type
}

/** Reads a type of the records. */
export function typeOf(text: string): Type {
  const [head = '', ...patterns] = text.split('~')
  const nullable = head.endsWith('?')
  const bare = nullable ? head.slice(0, -1) : head
  const inner = bare.slice(1, -1)
  return {
    name: bare,
    nullable,
    ...(bare.startsWith('[') && { items: typeOf(inner) }),
    ...(bare.startsWith('{') && { values: typeOf(inner) }),
    ...(patterns.length > 0 && { pattern: new RegExp(patterns.join('~')) }),
  }
}

/** Reads a model of the records: `name! type; other type?; *`. */
export function modelOf(text: string): Model {
  if (text.startsWith('= ')) return { members: [], open: false, value: typeOf(text.slice(2)) }
  const parts = text.split('; ').filter((part) => part !== '')
  const members = parts
    .filter((part) => part !== '*')
    .map((part): Member => {
      const [name = '', ...type] = part.split(' ')
      return { name: name.replace('!', ''), required: name.endsWith('!'), type: typeOf(type.join(' ')) }
    })
  return { members, open: parts.includes('*') }
}
