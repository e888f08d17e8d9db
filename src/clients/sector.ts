import { invalidMetadata } from '../errors/refusals.ts'
import { fetchOutbound } from '../http/outbound.ts'
import type { Runtime } from '../runtime.ts'
import type { ClientMetadata } from '../store/types.ts'
import { parseJson } from '../util/json.ts'

const LIMITS = { maxBytes: 64 * 1024, timeoutMs: 5000 }

/**
 * Checks that the document at a client's `sector_identifier_uri` lists its redirect URIs (OIDC Registration section 5).
 * Throws `invalid_client_metadata`.
 */
export async function checkSector(rt: Runtime, metadata: ClientMetadata): Promise<void> {
  const { sector_identifier_uri: uri, redirect_uris: uris } = metadata
  if (uri === '') return
  const listed = await fetchOutbound(rt.config, uri, {}, LIMITS)
    .then(({ body, status }) => status === 200 && parseJson(body))
    .catch(() => undefined)
  if (Array.isArray(listed) && uris?.every((entry) => listed.includes(entry)) === true) return
  throw invalidMetadata(
    "The document at 'sector_identifier_uri' must be a JSON array that holds every redirect URI.",
  )
}
