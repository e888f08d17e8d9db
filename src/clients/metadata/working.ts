import { OAuthError } from '../../errors/oauth-error.ts'
import { unusableField } from '../../errors/refusals.ts'
import type { Runtime } from '../../runtime.ts'
import type { ClientMetadata } from '../../store/types.ts'
import type { Doubt, Supported } from './doubt.ts'
import { doubtsOf } from './doubts.ts'
import { narrowed } from './narrow.ts'
import type { ClientInput } from './parse.ts'

/**
 * What works of the metadata that a client sends about itself: without grant types and response types that never work
 * (RFC 7591 section 3.2.1).
 *
 * @param current - the metadata before a change: what an admin once set may stay as it is
 * @throws `invalid_redirect_uri` or `invalid_client_metadata` for what cannot be left out
 */
export async function workingPart(
  rt: Runtime,
  input: ClientInput,
  supported: Supported,
  current?: ClientMetadata,
): Promise<ClientInput> {
  const metadata = narrowed(input.metadata, supported, current)
  const working = { ...input, metadata }
  const [doubt] = await newDoubts(rt, working, supported, current)
  if (doubt === undefined) return working
  const { field, problem } = doubt
  if (field === 'redirect_uris')
    throw new OAuthError('invalid_redirect_uri', 'metadata_unusable', { field, problem })
  throw unusableField(field, problem)
}

async function newDoubts(
  rt: Runtime,
  input: ClientInput,
  supported: Supported,
  current: ClientMetadata | undefined,
): Promise<readonly Doubt[]> {
  const doubts = await doubtsOf(rt, input, supported)
  if (current === undefined || doubts.length === 0) return doubts
  const before = await doubtsOf(rt, { ...input, metadata: current }, supported)
  const valueIn = (metadata: ClientMetadata, field: string): string =>
    JSON.stringify(Object.entries(metadata).filter(([name]) => name === field))
  return doubts.filter(
    ({ field, problem }) =>
      valueIn(input.metadata, field) !== valueIn(current, field) ||
      !before.some((known) => known.field === field && known.problem === problem),
  )
}
