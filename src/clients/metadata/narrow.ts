import { unusableField } from '../../errors/refusals.ts'
import type { ClientMetadata } from '../../store/types.ts'
import { listsGrantType } from '../grant-types.ts'
import { type Doubt, type Supported, sortedType } from './doubt.ts'

/** A list of a client's that requests choose from. */
type ListField = 'grant_types' | 'response_types'

/**
 * Leaves out the grant types and response types of a client that registers itself and that never work; the answer shows
 * what is left (RFC 7591 sections 2.1 and 3.2.1). A refusal of the whole would stop clients that ask for all they know.
 *
 * @param current - the metadata before a change: what does not change may stay as it is
 * @throws `invalid_client_metadata` if nothing is left
 */
export function narrowed(
  metadata: ClientMetadata,
  supported: Supported,
  current?: ClientMetadata,
): ClientMetadata {
  const grants = narrowedList('grant_types', metadata, supported, current)
  return {
    ...grants,
    response_types: narrowedList('response_types', grants, supported, current).response_types,
  }
}

function narrowedList(
  field: ListField,
  metadata: ClientMetadata,
  supported: Supported,
  current: ClientMetadata | undefined,
): ClientMetadata {
  const values = metadata[field] ?? []
  const kept = values.filter((value) => PROBLEMS[field](value, metadata, supported) === undefined)
  if (kept.length === values.length) return metadata
  if (kept.length > 0) return { ...metadata, [field]: kept }
  if (current !== undefined && values.join() === current[field]?.join()) return metadata
  throw unusableField(field, PROBLEMS[field](values[0] ?? '', metadata, supported) ?? '')
}

/** Says of each grant type and response type that never works what is wrong. */
export const listDoubts = (metadata: ClientMetadata, supported: Supported): readonly Doubt[] =>
  (['grant_types', 'response_types'] as const).flatMap((field) =>
    [...new Set((metadata[field] ?? []).map((value) => PROBLEMS[field](value, metadata, supported)))].flatMap(
      (problem) => (problem === undefined ? [] : [{ field, problem }]),
    ),
  )

type FindProblem = (value: string, metadata: ClientMetadata, supported: Supported) => string | undefined

const PROBLEMS: Readonly<Record<ListField, FindProblem>> = {
  grant_types: (value, _metadata, { grantTypes }) =>
    grantTypes.includes(value) ? undefined : `holds what is none of ${grantTypes.join(', ')}`,
  response_types: (value, metadata, { responseTypes }) => {
    const type = sortedType(value)
    if (!responseTypes.map(sortedType).includes(type))
      return `holds what is none of ${responseTypes.map((known) => `'${known}'`).join(', ')}`
    // Tokens of the authorization endpoint (OIDC Core sections 3.2 and 3.3). A code alone may have no use at all.
    if (type === 'code') return undefined
    const needed = type.startsWith('code ') ? ['authorization_code', 'implicit'] : ['implicit']
    const isGranted = needed.every((grant) => listsGrantType({ metadata }, grant))
    return isGranted ? undefined : `holds a type that needs grant_types ${needed.join(' and ')}`
  },
}
