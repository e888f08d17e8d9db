import * as v from 'valibot'
import type { OAuthError } from '../../errors/oauth-error.ts'
import { invalidMetadata, malformedBody, unusableField } from '../../errors/refusals.ts'
import { isPrivateKey, isPublicKey, KEY_LABELS, keyProblem, keysOfSet } from '../../keys/foreign-keys.ts'
import {
  type ClientMetadata,
  clientMetadata,
  fields,
  fieldsWith,
  LIFESPAN_FIELDS,
  type LifespanField,
} from '../../store/client-metadata.ts'
import type { JwkSet } from '../../store/types.ts'
import { formatDuration, parseDuration } from '../../util/duration.ts'
import { isJsonObject, type Json, type JsonObject } from '../../util/json.ts'
import { wanted } from '../../util/schema.ts'
import { isPlainText, isSeenText } from '../../util/text.ts'
import { isHttpUrl } from '../../util/url.ts'
import type { ClientDraft } from './draft.ts'

type Draft = Omit<ClientDraft, 'client_id' | 'client_secret_expires_at'>

/** The longest Go duration, in seconds: 2^63 nanoseconds, rounded down. */
const MAX_SECONDS = 9_223_372_036

const TEXTS = ['client_secret', ...fieldsWith({ kind: 'text' }), ...fieldsWith({ kind: 'list' })] as const
const SEEN = fieldsWith({ seen: true })
const URLS = fieldsWith({ url: true })
const CHOICES = fields.flatMap(([name, { values }]) => (values === undefined ? [] : [{ name, values }]))
const FURTHER = fields.filter(([, { kind }]) => kind === 'further')
const LOCALIZED = new Map(fields.filter(([, { localized }]) => localized))

/** Checks that a client's texts can be stored, logged and shown; throws `invalid_client_metadata`. */
export function checkTexts(draft: Draft): void {
  for (const field of TEXTS)
    if (![draft[field] ?? ''].flat().every(isPlainText))
      throw unusableField(field, 'must not hold control characters or broken Unicode')
  for (const field of SEEN) if (![draft[field] ?? ''].flat().every(isSeenText)) throw unseen(field)
}

const unseen = (field: string): OAuthError =>
  unusableField(field, 'must not hold invisible characters or controls of direction')

/**
 * Checks the fields that are http or https URLs or lists of them; empty ones pass. Throws `invalid_client_metadata`.
 */
export function checkUrls(draft: Draft): void {
  for (const field of URLS)
    for (const url of [draft[field]].flat())
      if (url !== '' && !isHttpUrl(url)) throw unusableField(field, 'must be an http or https URL')
}

/** Checks the fields that have a fixed set of values; throws `invalid_client_metadata`. */
export function checkValues(draft: Draft): void {
  const given: Readonly<Record<string, unknown>> = draft
  for (const { name, values } of CHOICES)
    for (const value of [given[name] ?? ''].flat()) checkValue(name, String(value), values)
}

/** Checks that a text is empty or one of the values; throws `invalid_client_metadata`. */
export function checkValue(field: string, text: string, values: readonly string[]): void {
  if (text === '' || values.includes(text)) return
  throw invalidMetadata('field_malformed', { field, expected: values.join(' or ') })
}

/**
 * Reads a client's key set; `{}` means none. Keys that cannot be used are left out, as at a `jwks_uri` (RFC 7517 section
 * 5). Throws `invalid_client_metadata` for a private key, and if no key can be used.
 */
export function readJwks(jwks: JsonObject | null): JwkSet | null {
  if (jwks === null || !('keys' in jwks)) return null
  const entries = keysOfSet(jwks)?.map(withoutBlanks)
  if (entries === undefined) throw unusableField('jwks', "must hold an array 'keys'")
  const secret = entries.findIndex(isPrivateKey)
  if (secret !== -1) throw unusableKey(secret, 'holds a private key')
  const keys = entries.filter(isPublicKey)
  const [first] = entries
  if (first !== undefined && keys.length === 0) throw unusableKey(0, keyProblem(first) ?? '')
  return { keys }
}

const unusableKey = (index: number, problem: string): OAuthError =>
  invalidMetadata('entry_unusable', { field: 'jwks', index, problem })

const LABELS: ReadonlySet<string> = new Set(KEY_LABELS)

/** A key as it was before `renderClient` showed it: whoever sends back what was shown changes nothing. */
const withoutBlanks = (key: Json): Json =>
  isJsonObject(key)
    ? Object.fromEntries(Object.entries(key).filter(([name, value]) => value !== '' || !LABELS.has(name)))
    : key

/**
 * Reads the given lifespans in Go's canonical form. Throws `malformed_body` for a text that is not a Go duration, and
 * `invalid_client_metadata` for a negative one, except for refresh tokens, where it means "never ends".
 */
export function readLifespans(
  given: Readonly<Record<LifespanField, string | null>>,
): Readonly<Partial<Record<LifespanField, string>>> {
  const lifespans: Partial<Record<LifespanField, string>> = {}
  for (const field of LIFESPAN_FIELDS) {
    const text = given[field]
    if (text === null) continue
    const seconds = parseDuration(text)
    if (seconds === undefined || Math.abs(seconds) > MAX_SECONDS)
      throw malformedBody('field_malformed', { field, expected: 'a Go duration such as 1h30m' })
    if (seconds < 0 && !field.endsWith('refresh_token_lifespan'))
      throw unusableField(field, 'must not be negative')
    lifespans[field] = formatDuration(seconds)
  }
  return lifespans
}

/** The metadata with exactly these lifespans. */
export function withLifespans(
  metadata: ClientMetadata,
  lifespans: Readonly<Partial<Record<LifespanField, string>>>,
): ClientMetadata {
  const others = Object.entries(metadata).filter(([name]) => !LIFESPAN_FIELDS.some((field) => field === name))
  return v.parse(clientMetadata, { ...Object.fromEntries(others), ...lifespans })
}

/** Reads the non-empty fields that Hydra does not have; throws `invalid_client_metadata` for an unusable one. */
export function readFurther(body: unknown): Readonly<Record<string, unknown>> {
  const given = isJsonObject(body) ? body : {}
  const found: Record<string, unknown> = {}
  for (const [name, { wire }] of FURTHER) {
    const value = given[name]
    if (value === undefined || !saysSomething(value)) continue
    const read = v.safeParse(wire, value)
    if (!read.success) throw unusableField(name, `must be ${wanted(read.issues[0]).expected}`)
    found[name] = read.output
  }
  return found
}

/**
 * Reads names and addresses for people, in each language (OIDC Registration section 2.1); throws
 * `invalid_client_metadata`.
 */
export function readLocalized(body: unknown): Readonly<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const [name, value] of Object.entries(isJsonObject(body) ? body : {})) {
    const [, base = ''] = IN_A_LANGUAGE.exec(name) ?? []
    const field = LOCALIZED.get(base)
    if (field === undefined || !saysSomething(value)) continue
    const isUsable = typeof value === 'string' && isPlainText(value) && (!field.url || isHttpUrl(value))
    if (!isUsable)
      throw unusableField(
        name,
        `must be ${field.url ? 'an http or https URL' : 'a string without control characters'}`,
      )
    if (field.seen && !isSeenText(value)) throw unseen(name)
    found[name] = value
  }
  return found
}

const IN_A_LANGUAGE = /^(\w+)#[A-Za-z0-9-]{1,35}$/

const saysSomething = (value: Json): boolean => value !== null && value !== ''
