import type { JsonObject } from '../../util/json.ts'
import { type Column, manyItems, oneItem, type Result } from '../output.ts'
import { objectsIn, textOf } from './client-view.ts'

const columns: readonly Column<JsonObject>[] = [
  ['SET ID', (key) => key['set']],
  ['KEY ID', (key) => key['kid']],
  ['ALGORITHM', (key) => key['alg']],
  ['USE', (key) => key['use']],
]

/** Members of a key that only its owner may see (RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1). */
const PRIVATE: ReadonlySet<string> = new Set(['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'])

/** Returns a key without its private members. */
export const publicKey = (key: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(key).filter(([name]) => !PRIVATE.has(name)))

/** Returns the keys of a set, each with the name of the set. */
export const keysOf = (set: string, answer: JsonObject): readonly JsonObject[] =>
  objectsIn(answer['keys']).map((key) => ({ set, ...key }))

const idOf = (key: JsonObject): string => textOf(key['kid'])

/**
 * Shows keys: one as itself, several as `{set, keys}`. JSON has the set in each key only if they are of several sets, so
 * that `keys` of one is what a server takes.
 */
export function showKeys(keys: readonly JsonObject[], set: string | undefined, alwaysList = false): Result {
  const [only] = keys
  const shown = set === undefined ? keys : keys.map(({ set: _set, ...key }) => key)
  if (only !== undefined && keys.length === 1 && !alwaysList)
    return { ...oneItem(only, idOf(only), columns), data: shown[0] }
  return manyItems(keys, idOf, columns, { ...(set !== undefined && { set }), keys: shown })
}
