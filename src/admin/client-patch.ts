import { getIn, immutableJSONPatch } from 'immutable-json-patch'
import * as v from 'valibot'
import { NOT_SHOWN, renderClient } from '../clients/render.ts'
import type { OAuthError } from '../errors/oauth-error.ts'
import { malformedBody } from '../errors/refusals.ts'
import type { ClientRecord } from '../store/types.ts'
import { isJsonObject, type JsonObject } from '../util/json.ts'
import { jsonValue } from '../util/json-value.ts'
import { matching } from '../util/schema.ts'

/** Members that a patch must not change (contract 1.4.1), and names that would reach JavaScript's prototypes. */
const DENIED_MEMBERS: ReadonlySet<string> = new Set(['id', 'rotatedsecrets', 'rotated_secrets'])
const UNSAFE: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/** Index into an array (RFC 6901 section 4). */
const INDEX = /^(?:0|[1-9]\d*)$/

/** Maximum number of operations of a patch: each makes a new document. */
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
 * Applies a JSON Patch (RFC 6902; add, remove and replace only) to a client, and returns the resulting JSON, not yet
 * validated. As in Hydra, `replace` of a missing member adds it. A secret whose end was removed has none.
 *
 * @throws `malformed_body` for anything that is not such a patch, cannot be applied, or changes a denied member or the
 *   id
 */
export function patchClient(record: ClientRecord, patch: unknown): unknown {
  if (Array.isArray(patch) && patch.length > MAX_OPERATIONS)
    throw malformedBody('patch_unusable', {
      index: MAX_OPERATIONS,
      problem: `is one more than the ${MAX_OPERATIONS} that a JSON Patch may have`,
    })
  const parsed = v.safeParse(operations, patch)
  if (!parsed.success) throw unusable(patch)
  // Empty members are not shown in the JSON, but a patch may add to them and remove them.
  let document: JsonObject = structuredClone({ ...NOT_SHOWN, ...renderClient(record) })
  for (const [index, operation] of parsed.output.entries()) {
    document = apply(document, operation, index)
  }
  if (document['client_id'] !== record.id) throw malformedBody('field_reserved', { field: 'client_id' })
  return { client_secret_expires_at: 0, ...document }
}

/** Returns the error for what is no patch of operations that are taken here: it names the first that is none. */
function unusable(patch: unknown): OAuthError {
  const problems = Array.isArray(patch) ? patch.map(operationProblem) : []
  const index = problems.findIndex((problem) => problem !== undefined)
  const problem = problems[index]
  return problem === undefined
    ? malformedBody('body_malformed', { expected: 'a JSON Patch of add, remove and replace operations' })
    : malformedBody('patch_unusable', { index, problem })
}

function operationProblem(operation: unknown): string | undefined {
  if (!isJsonObject(operation)) return 'is no object'
  const { op, path: at, value } = operation
  if (op !== 'add' && op !== 'replace' && op !== 'remove')
    return "must have the op 'add', 'replace' or 'remove'"
  if (typeof at !== 'string' || !at.startsWith('/')) return "must have a path that begins with '/'"
  return op !== 'remove' && value === undefined ? "must have a 'value'" : undefined
}

// The library ignores operations that it cannot apply, so their path is checked first.
function apply(document: JsonObject, operation: Operation, index: number): JsonObject {
  const names = namesIn(operation.path, index)
  const name = names.at(-1) ?? ''
  const parent: unknown = getIn(document, names.slice(0, -1))
  const exists = Array.isArray(parent)
    ? INDEX.test(name) && Number(name) < parent.length
    : isJsonObject(parent) && Object.hasOwn(parent, name)
  const isEnd = Array.isArray(parent) && (name === '-' || name === String(parent.length))
  const fits = isJsonObject(parent) ? operation.op !== 'remove' : isEnd && operation.op === 'add'
  if (!exists && !fits)
    throw malformedBody('patch_unusable', { index, problem: 'names a path that does not exist' })
  const applied = exists || operation.op === 'remove' ? operation : { ...operation, op: 'add' as const }
  return immutableJSONPatch<JsonObject>(document, [applied])
}

/** The member names in a JSON Pointer (RFC 6901); throws if one of them must not be changed. */
function namesIn(pointer: string, index: number): readonly string[] {
  const names = pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
  const denied = DENIED_MEMBERS.has((names[0] ?? '').toLowerCase()) || names.some((name) => UNSAFE.has(name))
  if (denied)
    throw malformedBody('patch_unusable', { index, problem: 'touches a member that cannot be changed' })
  return names
}
