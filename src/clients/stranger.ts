import type { ClientRecord } from '../store/types.ts'
import { isLoopbackHost } from '../util/loopback.ts'

/**
 * What is known of a client that registered itself, whatever it calls itself: the host that its answers go to. It has
 * none if they go to an application on the user's device, or to another device. JSON leaves out undefined members.
 */
export interface RegisteredItself {
  readonly answers_to: string | undefined
}

/**
 * Returns what is known of a client that registered itself, `undefined` for one that an admin made or changed.
 *
 * @param redirectUri - where this request's answer goes; `undefined` if not through the browser
 */
export const registeredItself = (
  { bounds }: Pick<ClientRecord, 'bounds'>,
  redirectUri: string | undefined,
): RegisteredItself | undefined => (bounds === null ? { answers_to: hostOf(redirectUri) } : undefined)

/** The host of a URL of the web; `undefined` for custom schemes and for this machine, which is each user's own. */
function hostOf(uri = ''): string | undefined {
  const url = URL.parse(uri)
  const isRemote = url !== null && /^https?:$/.test(url.protocol) && !isLoopbackHost(url.hostname)
  return isRemote ? url.hostname : undefined
}
