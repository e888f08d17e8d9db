import { unusableField } from '../errors/refusals.ts'
import { fetchOutbound } from '../http/outbound.ts'
import type { Runtime } from '../runtime.ts'
import type { ClientMetadata, ClientRecord } from '../store/types.ts'
import { parseJson } from '../util/json.ts'
import { isLoopbackHost } from '../util/loopback.ts'
import { DEVICE_GRANT, listsGrantType } from './grant-types.ts'
import { isAtRedirectUri } from './metadata/uris.ts'

/**
 * The host that is the sector of a client without a sector: the one host of its redirect URIs, which must all be https
 * (OIDC Core section 8.1), because other schemes have no host that somebody owns. On a development server http on this
 * machine counts too; elsewhere that would put all native applications into one sector.
 *
 * @param loopback - whether this is a development server
 * @returns `undefined` if the client needs a `sector_identifier_uri`
 */
export function sectorHost(uris: readonly string[] | null, loopback: boolean): string | undefined {
  const hosts = new Set(
    (uris ?? []).map((uri) => {
      const url = URL.parse(uri)
      const owned = url?.protocol === 'https:'
      const local = loopback && url?.protocol === 'http:' && isLoopbackHost(url.hostname)
      return owned || local ? url?.host : undefined
    }),
  )
  const [host] = hosts
  return hosts.size === 1 ? host : undefined
}

/** The sector of a client: its `sector_identifier_uri`, or else the host of its redirect URIs. */
export const sectorOf = (
  { sector_identifier_uri: uri, redirect_uris: uris }: ClientMetadata,
  loopback: boolean,
): string | undefined => uri || sectorHost(uris, loopback)

/**
 * Checks that a pairwise client that changes itself stays so, and in its sector: in another one it would know its users
 * by other clients' identifiers, and as a public one it could have those of its sector sent anywhere, since notices of
 * logins from before hold them. Throws `invalid_client_metadata`.
 */
export function checkSectorStays(current: ClientMetadata, wanted: ClientMetadata, loopback: boolean): void {
  if (current.subject_type !== 'pairwise') return
  if (wanted.subject_type !== 'pairwise') throw unusableField('subject_type', 'must stay pairwise')
  if (sectorOf(current, loopback) === sectorOf(wanted, loopback)) return
  throw unusableField('redirect_uris', 'would move the client into another sector')
}

/** Whether an admin made a client pairwise, or let it be: it did not choose its sector alone. */
export const isPairwiseByAdmin = ({ bounds }: Pick<ClientRecord, 'bounds'>): boolean =>
  bounds?.subject_type === 'pairwise'

/**
 * Leaves out the device grant of a client that makes itself pairwise, since it could name anybody's address: only where
 * answers go shows that a client belongs to its sector, and those to a device go nowhere (as in OpenID Connect CIBA 1.0
 * section 4). Throws `invalid_client_metadata` if no grant type is left, and if logout tokens would go elsewhere.
 */
export function withinSector(metadata: ClientMetadata): ClientMetadata {
  if (!noticesStay(metadata))
    throw unusableField(
      'backchannel_logout_uri',
      'of a pairwise client that registers itself must have the scheme, host and port of a redirect URI',
    )
  if (metadata.subject_type !== 'pairwise' || !listsGrantType({ metadata }, DEVICE_GRANT)) return metadata
  const grant_types = (metadata.grant_types ?? []).filter((type) => type !== DEVICE_GRANT)
  if (grant_types.length > 0) return { ...metadata, grant_types }
  throw unusableField(
    'grant_types',
    'of a pairwise client that registers itself must not be of devices alone',
  )
}

/**
 * Whether logout tokens of a pairwise client go where its other answers go, or it has none. They hold the `sub` of its
 * sector, which nobody else may learn by naming somebody's redirect URIs.
 */
export const noticesStay = ({
  subject_type: type,
  backchannel_logout_uri: uri,
  redirect_uris: redirectUris,
}: ClientMetadata): boolean => type !== 'pairwise' || uri === '' || isAtRedirectUri(uri, redirectUris)

/**
 * Checks that the document at a client's `sector_identifier_uri` lists its redirect URIs (OIDC Registration section 5).
 * Throws `invalid_client_metadata`.
 */
export async function checkSector(rt: Runtime, metadata: ClientMetadata): Promise<void> {
  const { sector_identifier_uri: uri, redirect_uris: uris } = metadata
  if (uri === '') return
  const { answer } = await fetchOutbound(rt.config, 'sector', uri)
  const listed = answer?.status === 200 ? parsed(answer.body) : undefined
  const known = Array.isArray(listed) ? new Set(listed) : undefined
  if (known !== undefined && uris?.every((entry) => known.has(entry)) === true) return
  throw unusableField('sector_identifier_uri', 'must lead to a JSON array that holds every redirect URI')
}

/** Whether `checkSector` compares the same things for both. */
export const hasSameSector = (one: ClientMetadata, other: ClientMetadata): boolean =>
  one.sector_identifier_uri === other.sector_identifier_uri &&
  JSON.stringify(one.redirect_uris) === JSON.stringify(other.redirect_uris)

function parsed(body: Uint8Array): unknown {
  try {
    return parseJson(body)
  } catch {
    return undefined
  }
}
