import * as v from 'valibot'
import { MAX_DEPTH } from '../clients/metadata-shape.ts'
import { malformedBody } from '../clients/refusals.ts'
import { renderClient } from '../clients/render.ts'
import type { ClientRecord } from '../store/types.ts'
import { isJsonObject, isShallow, type Json, type JsonObject } from '../util/json.ts'
import { matching } from '../util/schema.ts'

/** Members a patch may not touch (contract 1.4.1), and names that would reach into JavaScript itself. */
const DENIED = /^(?:id|rotated_?secrets)$/i
const UNSAFE = /^(?:__proto__|constructor|prototype)$/

/** Index of an array's entry (RFC 6901 section 4). */
const INDEX = /^(?:0|[1-9]\d*)$/

const path = matching(/^\//)
const value = v.custom<Json>((given) => given !== undefined && isShallow(given, MAX_DEPTH))
const operations = v.array(
  v.union([
    v.object({ op: v.picklist(['add', 'replace']), path, value }),
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
  const parsed = v.safeParse(operations, patch)
  if (!parsed.success)
    throw malformedBody(
      'The body must be a JSON Patch of add, remove and replace operations, not nested too deep.',
    )
  // Empty arrays are not rendered, yet one may add to them.
  const empty = { post_logout_redirect_uris: [], request_uris: [] }
  const document: JsonObject = structuredClone({ ...empty, ...renderClient(record) })
  // Copies, for what is added becomes part of the document, and the same patch may be applied again.
  for (const [index, operation] of structuredClone(parsed.output).entries()) apply(document, operation, index)
  if (document['client_id'] !== record.id)
    throw malformedBody("The 'client_id' of a client cannot be changed.")
  return document
}

function apply(document: JsonObject, operation: Operation, index: number): void {
  const names = namesIn(operation.path, index)
  const name = names.at(-1) ?? ''
  const parent = names.slice(0, -1).reduce<unknown>(memberOf, document)
  const exists = memberOf(parent, name) !== undefined
  const { op } = operation
  const given = operation.op === 'remove' ? [] : [operation.value]
  if (Array.isArray(parent) && (exists || (op === 'add' && ['-', String(parent.length)].includes(name)))) {
    parent.splice(exists ? Number(name) : parent.length, op === 'add' ? 0 : 1, ...given)
  } else if (isJsonObject(parent) && (exists || op !== 'remove')) {
    const members: Record<string, Json> = parent
    delete members[name]
    for (const value of given) members[name] = value
  } else throw malformedBody(`Operation ${index} names a path that does not exist.`)
}

/** The entry or member of that name; JSON holds no `undefined`. */
function memberOf(parent: unknown, name: string): unknown {
  if (Array.isArray(parent)) return INDEX.test(name) ? parent[Number(name)] : undefined
  return isJsonObject(parent) && Object.hasOwn(parent, name) ? parent[name] : undefined
}

/** The names a JSON Pointer (RFC 6901) is made of; throws for one that touches what may not be touched. */
function namesIn(pointer: string, index: number): readonly string[] {
  const names = pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
  if (DENIED.test(names[0] ?? '') || names.some((name) => UNSAFE.test(name)))
    throw malformedBody(`Operation ${index} touches a member that cannot be changed.`)
  return names
}
