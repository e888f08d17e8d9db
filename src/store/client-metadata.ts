import * as v from 'valibot'
import type { ClientField } from './client-field.ts'
import { CLIENT_FIELDS } from './client-fields.ts'

type Fields = typeof CLIENT_FIELDS

/** The name of a field of the table. */
export type FieldName = keyof Fields

/** The names of the fields that have these traits. */
export type FieldWith<Traits> = {
  [Name in FieldName]: Fields[Name] extends Traits ? Name : never
}[FieldName]

/** Returns the names of the fields that have these traits, in the order of the table. */
export function fieldsWith<const Traits extends Partial<ClientField>>(
  traits: Traits,
): readonly FieldWith<Traits>[]
export function fieldsWith(traits: Partial<ClientField>): readonly string[] {
  const wanted = Object.entries(traits)
  const has = (field: ClientField): boolean =>
    wanted.every(([trait, value]) => Reflect.get(field, trait) === value)
  return fields.filter(([, field]) => has(field)).map(([name]) => name)
}

/** The rows of the table. */
export const fields: readonly (readonly [name: string, field: ClientField])[] = Object.entries(CLIENT_FIELDS)

/** The schemas of some fields as rows hold them. */
type Stored<Name extends FieldName> = { readonly [Field in Name]: Fields[Field]['stored'] }

function stored<Name extends FieldName>(names: readonly Name[]): Stored<Name>
function stored(names: readonly FieldName[]): Readonly<Record<string, v.GenericSchema>> {
  return Object.fromEntries(names.map((name) => [name, CLIENT_FIELDS[name].stored]))
}

/** The schemas of some fields as requests hold them. */
type Wire<Name extends FieldName> = { readonly [Field in Name]: Fields[Field]['wire'] }

/** Returns the schemas of some fields as requests hold them. */
export function wire<Name extends FieldName>(names: readonly Name[]): Wire<Name>
export function wire(names: readonly FieldName[]): Readonly<Record<string, v.GenericSchema>> {
  return Object.fromEntries(names.map((name) => [name, CLIENT_FIELDS[name].wire]))
}

/** The fields that are lifetimes of tokens (contract 2.1). */
export type LifespanField = FieldWith<{ readonly kind: 'duration' }>
export const LIFESPAN_FIELDS: readonly LifespanField[] = fieldsWith({ kind: 'duration' })

/** The schema of stored client metadata, with wire names (contract 2.1), after validation and defaults. */
export const clientMetadata = v.object({
  ...stored(fieldsWith({})),
  /** Localised texts and addresses, by the field's name, `#` and the language (OIDC Registration section 2.1). */
  localized: v.optional(v.record(v.string(), v.string()), {}),
})

/** Client metadata with wire names (contract 2.1), after validation and defaults. */
export interface ClientMetadata extends Readonly<v.InferOutput<typeof clientMetadata>> {}

/** The fields whose admin's value limits the client's own changes. */
type BoundedField = FieldWith<{ readonly bound: string }>
const isBounded = (name: FieldName): name is BoundedField => 'bound' in CLIENT_FIELDS[name]
export const clientBounds = v.object({
  ...stored(fieldsWith({}).filter(isBounded)),
  /** No admin saw what people are now shown of the client. Absent in rows of 0.3.0, and if one did. */
  unreviewed: v.exactOptional(v.literal(true)),
})

/** The limits of a client's own changes: these fields as an admin last set them, and whether it went beyond its review. */
export type ClientBounds = Readonly<v.InferOutput<typeof clientBounds>>
