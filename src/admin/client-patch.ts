import { getIn, immutableJSONPatch } from 'immutable-json-patch'
import * as v from 'valibot'
import { EMPTY_LISTS, renderClient } from '../clients/render.ts'
import { malformedBody } from '../errors/refusals.ts'
import type { ClientRecord } from '../store/types.ts'
import { isJsonObject, type JsonObject } from '../util/json.ts'
import { jsonValue } from '../util/json-value.ts'
import { matching } from '../util/schema.ts'

/** Members a patch may not touch (contract 1.4.1), and names that would reach into JavaScript itself. */
const DENIED: ReadonlySet<string> = new Set(['id', 'rotatedsecrets', 'rotated_secrets'])
const UNSAFE: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/** Index of an array's entry (RFC 6901 section 4). */
const INDEX = /^(?:0|[1-9]\d*)$/

/** Most operations of a patch: each makes a new document. */
const MAX_OPERATIONS = 100

const path = matching(/^\/.{0,2048}$/s)
const operations = v.array(
  v.union([
    v.object({ op: v.picklist(['add', 'replace']), path, value: jsonValue }),
    v.object({ op: v.picklist(['remove']), path }),
  ]),
)

type Operation = v.InferOutput<typeof operations>[number]

/**
 * Applies a JSON Patch (RFC 6902; add, remove and replace only) to a client and returns its JSON, not yet validated.
 * As in Hydra, `replace` of a missing member adds it.
 *
 * @throws `malformed_body` for anything that is not such a patch, does not apply, or touches a denied member or the id
 */
export function patchClient(record: ClientRecord, patch: unknown): unknown {
  if (Array.isArray(patch) && patch.length > MAX_OPERATIONS)
    throw malformedBody(`The JSON Patch has more than ${MAX_OPERATIONS} operations.`)
  const parsed = v.safeParse(operations, patch)
  if (!parsed.success)
    throw malformedBody('The body must be a JSON Patch of add, remove and replace operations.')
  // Empty arrays are not rendered, yet one may add to them.
  let document: JsonObject = structuredClone({ ...EMPTY_LISTS, ...renderClient(record) })
  for (const [index, operation] of parsed.output.entries()) {
    document = apply(document, operation, index)
  }
  if (document['client_id'] !== record.id)
    throw malformedBody("The 'client_id' of a client cannot be changed.")
  return document
}

// The library applies what it can and passes over the rest; what a path must lead to is asked first.
function apply(document: JsonObject, operation: Operation, index: number): JsonObject {
  const names = namesIn(operation.path, index)
  const name = names.at(-1) ?? ''
  const parent: unknown = getIn(document, names.slice(0, -1))
  const exists = Array.isArray(parent)
    ? INDEX.test(name) && Number(name) < parent.length
    : isJsonObject(parent) && Object.hasOwn(parent, name)
  const isEnd = Array.isArray(parent) && (name === '-' || name === String(parent.length))
  const fits = isJsonObject(parent) ? operation.op !== 'remove' : isEnd && operation.op === 'add'
  if (!exists && !fits) throw malformedBody(`Operation ${index} names a path that does not exist.`)
  const applied = exists || operation.op === 'remove' ? operation : { ...operation, op: 'add' as const }
  return immutableJSONPatch<JsonObject>(document, [applied])
}

/** The names a JSON Pointer (RFC 6901) is made of; throws for one that touches what may not be touched. */
function namesIn(pointer: string, index: number): readonly string[] {
  const names = pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
  const denied = DENIED.has((names[0] ?? '').toLowerCase()) || names.some((name) => UNSAFE.has(name))
  if (denied) throw malformedBody(`Operation ${index} touches a member that cannot be changed.`)
  return names
}
