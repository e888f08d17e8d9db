import { unusableField } from '../../errors/refusals.ts'
import type { ClientMetadata } from '../../store/types.ts'
import { listsGrantType } from '../grant-types.ts'
import { type Doubt, type Supported, sortedType } from './doubt.ts'

/** The lists of a client's from which its requests choose. */
const LISTS = ['grant_types', 'response_types'] as const

type ListField = (typeof LISTS)[number]

/** Says what is wrong with a value that never works; `undefined` for one that may. */
type FindProblem = (value: string) => string | undefined

/** Makes the rule of a list. */
const RULES: Readonly<Record<ListField, (supported: Supported, metadata: ClientMetadata) => FindProblem>> = {
  grant_types: ({ grantTypes }) => {
    const problem = `holds what is none of ${grantTypes.join(', ')}`
    return (value) => (grantTypes.includes(value) ? undefined : problem)
  },
  response_types: ({ responseTypes }, metadata) => {
    const types = new Set(responseTypes.map(sortedType))
    const problem = `holds what is none of ${responseTypes.map((known) => `'${known}'`).join(', ')}`
    return (value) => {
      const type = sortedType(value)
      if (!types.has(type)) return problem
      // Only tokens of the authorization endpoint need grant types (OIDC Core sections 3.2 and 3.3): that a client of
      // other grants lists `code`, as many libraries do by themselves, does no harm.
      if (type === 'code') return undefined
      const needed = type.startsWith('code ') ? ['authorization_code', 'implicit'] : ['implicit']
      const isGranted = needed.every((grant) => listsGrantType({ metadata }, grant))
      return isGranted ? undefined : `holds a type that needs grant_types ${needed.join(' and ')}`
    }
  },
}

/** Says of each list that holds what never works what is wrong. */
export const listDoubts = (metadata: ClientMetadata, supported: Supported): readonly Doubt[] =>
  LISTS.flatMap((field) => {
    const problems = new Set((metadata[field] ?? []).map(RULES[field](supported, metadata)))
    return [...problems].flatMap((problem) => (problem === undefined ? [] : [{ field, problem }]))
  })

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
  let narrow = metadata
  for (const field of LISTS) {
    const values = narrow[field] ?? []
    const problemOf = RULES[field](supported, narrow)
    const kept = values.filter((value) => problemOf(value) === undefined)
    const isSame = JSON.stringify(values) === JSON.stringify(current?.[field])
    if (kept.length === values.length || (kept.length === 0 && isSame)) continue
    if (kept.length === 0) throw unusableField(field, problemOf(values[0] ?? '') ?? '')
    narrow = { ...narrow, [field]: kept }
  }
  return narrow
}
