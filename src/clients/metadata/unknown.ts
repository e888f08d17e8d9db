import { fieldsWith } from '../../store/client-metadata.ts'
import { isJsonObject } from '../../util/json.ts'
import { nearest } from '../../util/nearest.ts'
import type { Doubt } from './doubt.ts'

/** Members that Hydra shows and takes back without effect, and those of v1.11 for a grant type that is gone. */
const WITHOUT_EFFECT = [
  'created_at',
  'updated_at',
  'registration_access_token',
  'registration_client_uri',
  'password_grant_access_token_lifespan',
  'password_grant_refresh_token_lifespan',
]

const KNOWN: ReadonlySet<string> = new Set([
  'client_id',
  'client_secret',
  'client_secret_expires_at',
  ...fieldsWith({}),
  ...WITHOUT_EFFECT,
])

const LOCALIZED: ReadonlySet<string> = new Set(fieldsWith({ localized: true }))

/** Longest name that is told, in characters. */
const MAX_TOLD = 64

/** Finds the members of a client's JSON that are no fields: they are ignored, so a misspelt one does nothing. */
export function unknownFields(body: unknown): readonly Doubt[] {
  const names = Object.keys(isJsonObject(body) ? body : {})
  return names.filter((name) => !isKnown(name)).map((name) => ({ field: told(name), problem: problem(name) }))
}

function isKnown(name: string): boolean {
  const [base = '', language] = name.split('#')
  return KNOWN.has(name) || (language !== undefined && LOCALIZED.has(base))
}

function problem(name: string): string {
  const meant = nearest(name, KNOWN)
  return meant === undefined ? 'is no field and is ignored' : `is no field and is ignored; '${meant}' is one`
}

const told = (name: string): string => name.slice(0, MAX_TOLD)
