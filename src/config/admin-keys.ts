import { toBase64url } from '../util/base64url.ts'
import { deriveKey, hmacSha256, sha256 } from '../util/digest.ts'
import { flag, listOf, oneOf, type Parser } from './parsers.ts'
import type { AdminKey, AdminScope, Entrypoint } from './types.ts'

const SCOPES: readonly AdminScope[] = [
  'introspect',
  'flows',
  'clients',
  'keys',
  'keys:write',
  'audit',
  'explain',
  'all',
]

const ENTRY = /^(?:([A-Za-z0-9_.-]{1,64})@)?(?:([a-z]+(?::[a-z]+)?):)?([A-Za-z0-9._~-]{16,})$/

/** An admin API key as it is set. */
type GivenKey = Omit<AdminKey, 'name' | 'digest'> & { readonly name: string | null }

/**
 * Parses a list of admin API keys: `name@scope:key`. Without a scope the key has every one. Keys of one name are for a
 * rotation.
 */
export const adminKeys = listOf<GivenKey>({
  expected: `[name@][scope:]key, key at least 16 characters A-Za-z0-9._~-, scope ${SCOPES.join(', ')}`,
  parse: (text) => {
    const [, name, scopeName = 'all', key] = ENTRY.exec(text) ?? []
    const scope = SCOPES.find((candidate) => candidate === scopeName)
    if (key === undefined || scope === undefined) return undefined
    return { name: name ?? null, scope, key }
  },
})

/**
 * Makes keys to compare with, and names those that have no name: `#` and eight characters, which stay the same as long as the secret. They come from a
 * keyed digest, since they are logged and a key that somebody made up could be guessed by a plain one.
 *
 * @param secrets - the system secrets; the last is the one in use for longest
 */
export function nameKeys(keys: readonly GivenKey[], secrets: readonly string[]): readonly AdminKey[] {
  const digest = (key: string): Uint8Array =>
    hmacSha256(deriveKey(secrets.at(-1) ?? '', 'names of API keys'), key).subarray(0, 6)
  return keys.map((one) => ({
    ...one,
    name: one.name ?? `#${toBase64url(digest(one.key))}`,
    digest: sha256(one.key),
  }))
}

const entrypointList = listOf<Entrypoint>(oneOf('flows', 'introspect', 'all'))

/** Parses which entrypoints are open to service bindings: `on` is `all`, the only one that there was at first. */
export const entrypoints: Parser<readonly Entrypoint[]> = {
  expected: 'off, on, or a comma-separated list or a JSON array of flows, introspect, all',
  parse: (text) => {
    const on = flag.parse(text)
    if (on === undefined) return entrypointList.parse(text)
    return on ? ['all'] : []
  },
}
