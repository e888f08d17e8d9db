import { fieldsWith } from '../store/client-metadata.ts'
import type { ClientMetadata, ClientRecord } from '../store/types.ts'
import { isLoopbackHost } from '../util/loopback.ts'
import { DEVICE_GRANT, listsGrantType } from './grant-types.ts'

/**
 * What is known of a client that registered itself, whatever it calls itself: the host that its answers go to. It has
 * none if they go to an application on the user's device, or to another device. JSON leaves out undefined members.
 */
export interface RegisteredItself {
  readonly answers_to: string | undefined
}

/**
 * Whether no admin saw what people are shown of a client: it registered itself, or changed that since an admin wrote
 * the whole of it.
 */
export const isUnreviewed = ({ bounds }: Pick<ClientRecord, 'bounds'>): boolean =>
  bounds === null || bounds.unreviewed === true

/**
 * Returns what is known of a client that nobody reviewed, `undefined` for others.
 *
 * @param redirectUri - where this request's answer goes; `undefined` if not through the browser
 */
export const registeredItself = (
  client: Pick<ClientRecord, 'bounds'>,
  redirectUri: string | undefined,
): RegisteredItself | undefined =>
  isUnreviewed(client) ? { answers_to: remoteHost(redirectUri) } : undefined

/** What a review is about, as text: what people are shown of a client, and where its answers go. */
export const reviewed = (metadata: ClientMetadata): string =>
  JSON.stringify([
    fieldsWith({ seen: true }).map((name) => metadata[name] ?? []),
    Object.entries(metadata.localized).toSorted(),
    (metadata.redirect_uris ?? []).toSorted(),
  ])

/**
 * Whether a consent to a client is one to this answer too, wherever the answer went that the user was asked about. A
 * client that nobody reviewed goes by the place of its answers, so it may have no other place: one host, or this
 * machine, where other programs of the user could ask as well (RFC 8252 section 8.6).
 *
 * @param redirectUri - where this request's answer goes; `undefined` if not through the browser
 */
export function mayRemember(client: ClientRecord, redirectUri: string | undefined): boolean {
  if (!isUnreviewed(client)) return true
  const uris = client.metadata.redirect_uris ?? []
  if (isOnThisMachine(redirectUri)) return uris.every(isOnThisMachine)
  const host = remoteHost(redirectUri)
  // A user may have allowed it for a device, whose page names no host.
  if (host === undefined || listsGrantType(client, DEVICE_GRANT)) return false
  return uris.every((uri) => remoteHost(uri) === host)
}

/** The host of a URL of the web; `undefined` for custom schemes and for this machine, which is each user's own. */
function remoteHost(uri?: string): string | undefined {
  const host = hostOf(uri)
  return host === undefined || isLoopbackHost(host) ? undefined : host
}

function isOnThisMachine(uri?: string): boolean {
  const host = hostOf(uri)
  return host !== undefined && isLoopbackHost(host)
}

function hostOf(uri = ''): string | undefined {
  const url = URL.parse(uri)
  return url !== null && /^https?:$/.test(url.protocol) ? url.hostname : undefined
}
