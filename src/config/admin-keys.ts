import { toBase64url } from '../util/base64url.ts'
import { sha256 } from '../util/digest.ts'
import { flag, listOf, oneOf, type Parser } from './parsers.ts'
import type { AdminKey, AdminScope, Entrypoint } from './types.ts'

const SCOPES: readonly AdminScope[] = ['introspect', 'flows', 'clients', 'keys', 'keys:write', 'audit', 'all']

const ENTRY = /^(?:([A-Za-z0-9_.-]{1,64})@)?(?:([a-z]+(?::[a-z]+)?):)?([A-Za-z0-9._~-]{16,})$/

/**
 * Parses a list of admin API keys: `name@scope:key`. Without a scope the key has every one. Without a name it is called
 * by a part of its digest, which no name looks like and which says nothing of a random key. Keys of one name are for a
 * rotation.
 */
export const adminKeys = listOf<AdminKey>({
  expected: `[name@][scope:]key, key at least 16 characters A-Za-z0-9._~-, scope ${SCOPES.join(', ')}`,
  parse: (text) => {
    const [, name, scopeName = 'all', key] = ENTRY.exec(text) ?? []
    const scope = SCOPES.find((candidate) => candidate === scopeName)
    if (key === undefined || scope === undefined) return undefined
    return { name: name ?? `#${fingerprint(key)}`, scope, key }
  },
})

/** Returns the first 48 bits of the key's digest: eight characters. */
const fingerprint = (key: string): string => toBase64url(sha256(key).subarray(0, 6))

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
