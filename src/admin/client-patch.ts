import { applyPatch, Pointer } from 'rfc6902'
import * as v from 'valibot'
import { renderClient } from '../clients/render.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import type { ClientRecord } from '../store/types.ts'
import type { JsonObject } from '../util/json.ts'

/** Members a patch may not touch (contract 1.4.1), and names that would reach into JavaScript itself. */
const DENIED: ReadonlySet<string> = new Set(['id', 'rotatedsecrets', 'rotated_secrets'])
const UNSAFE: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

const path = v.pipe(v.string(), v.startsWith('/'))
const operations = v.array(
  v.variant('op', [
    v.object({ op: v.picklist(['add', 'replace']), path, value: v.unknown() }),
    v.object({ op: v.literal('remove'), path }),
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
  if (!parsed.success) throw malformed('The body must be a JSON Patch of add, remove and replace operations.')
  // Empty arrays are not rendered, yet one may add to them.
  const empty = { post_logout_redirect_uris: [], request_uris: [] }
  const document: JsonObject = structuredClone({ ...empty, ...renderClient(record) })
  for (const [index, operation] of parsed.output.entries()) {
    checkPath(operation.path, index)
    apply(document, operation, index)
  }
  if (document['client_id'] !== record.id) throw malformed("The 'client_id' of a client cannot be changed.")
  return document
}

function apply(document: JsonObject, operation: Operation, index: number): void {
  let problem: Error | null | undefined
  try {
    const inArray = Array.isArray(Pointer.fromJSON(operation.path).parent().get(document))
    const adds = operation.op === 'replace' && !inArray
    ;[problem] = applyPatch(document, [adds ? { ...operation, op: 'add' } : operation])
  } catch {
    throw malformed(`Operation ${index} has a malformed path.`)
  }
  if (problem !== null) throw malformed(`Operation ${index} names a path that does not exist.`)
}

function checkPath(pointer: string, index: number): void {
  const names = pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
  const denied = DENIED.has((names[0] ?? '').toLowerCase()) || names.some((name) => UNSAFE.has(name))
  if (denied) throw malformed(`Operation ${index} touches a member that cannot be changed.`)
}

const malformed = (hint: string): OAuthError => new OAuthError('malformed_body', hint)
