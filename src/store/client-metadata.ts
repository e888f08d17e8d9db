import * as v from 'valibot'
import type { ClientField } from './client-field.ts'
import { CLIENT_FIELDS } from './client-fields.ts'

type Fields = typeof CLIENT_FIELDS

/** Name of a field of the table. */
export type FieldName = keyof Fields

/** Names of the fields that have these traits. */
export type FieldWith<Traits> = {
  [Name in FieldName]: Fields[Name] extends Traits ? Name : never
}[FieldName]

/** The fields that have these traits, in the order of the table. */
export function fieldsWith<const Traits extends Partial<ClientField>>(
  traits: Traits,
): readonly FieldWith<Traits>[]
export function fieldsWith(traits: Partial<ClientField>): readonly string[] {
  return fields
    .filter(([, field]) => {
      const own: Partial<Record<string, unknown>> = { ...field }
      return Object.entries(traits).every(([trait, value]) => own[trait] === value)
    })
    .map(([name]) => name)
}

/** The table, row by row. */
export const fields: readonly (readonly [name: string, field: ClientField])[] = Object.entries(CLIENT_FIELDS)

/** What the rows of some fields hold. */
type Stored<Name extends FieldName> = { readonly [Field in Name]: Fields[Field]['stored'] }

function stored<Name extends FieldName>(names: readonly Name[]): Stored<Name>
function stored(names: readonly FieldName[]): Readonly<Record<string, v.GenericSchema>> {
  return Object.fromEntries(names.map((name) => [name, CLIENT_FIELDS[name].stored]))
}

/** What the fields accept on the wire, by name; those beyond Hydra's are read apart. */
type Wire<Name extends FieldName> = { readonly [Field in Name]: Fields[Field]['wire'] }

/** What requests may hold in some fields. */
export function wire<Name extends FieldName>(names: readonly Name[]): Wire<Name>
export function wire(names: readonly FieldName[]): Readonly<Record<string, v.GenericSchema>> {
  return Object.fromEntries(names.map((name) => [name, CLIENT_FIELDS[name].wire]))
}

/** The lifespans (contract 2.1). */
export type LifespanField = FieldWith<{ readonly kind: 'duration' }>
export const LIFESPAN_FIELDS: readonly LifespanField[] = fieldsWith({ kind: 'duration' })

/** Client metadata as it is stored, with wire names (contract 2.1), after validation and defaults. */
export const clientMetadata = v.object({
  ...stored(fieldsWith({})),
  /** Texts and addresses for people, each by the name of its field, `#` and a language (OIDC Registration section 2.1). */
  localized: v.optional(v.record(v.string(), v.string()), {}),
})

/** Client metadata with wire names (contract 2.1), after validation and defaults. */
export interface ClientMetadata extends Readonly<v.InferOutput<typeof clientMetadata>> {}

/** What of a client's metadata bounds what it may change itself. */
type BoundedField = FieldWith<{ readonly bound: string }>
const isBounded = (name: FieldName): name is BoundedField => 'bound' in CLIENT_FIELDS[name]
export const clientBounds = v.object(stored(fieldsWith({}).filter(isBounded)))

/** What a client may not go beyond when it changes itself: the record as an admin last left it. */
export type ClientBounds = Readonly<v.InferOutput<typeof clientBounds>>
