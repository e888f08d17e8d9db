import type { Config } from '../../config/types.ts'
import { OAuthError } from '../../errors/oauth-error.ts'
import type { Flow } from '../../flow/state.ts'
import type { ClientRecord } from '../../store/types.ts'
import { browser } from './browser.ts'
import type { Channel } from './channel.ts'
import { device } from './device.ts'

/** Every channel by which a grant can be requested. */
const CHANNELS: readonly Channel[] = [browser, device]

/**
 * Finds a channel by the name that flows and grants keep. Throws `server_error` for a name that this release does not
 * know: only we can have sealed or stored it.
 *
 * @param name - undefined if the client itself sent the browser
 */
export function channelNamed(name: string = browser.name): Channel {
  const channel = CHANNELS.find((one) => one.name === name)
  if (channel === undefined) throw new OAuthError('server_error', 'stored_unreadable', { place: 'channel' })
  return channel
}

/** Where the browser returns after login or consent, with only a verifier and `client_id`: URLs stay short. */
export const entryUrl = (config: Config, { pending }: Pick<Flow, 'pending'>): string =>
  channelNamed(pending?.channel).entryUrl(config)

/** Where a flow starts again: the request as the apps see it (contract 2.2 `request_url`, 3.12). */
export const startUrl = (config: Config, { pending, query }: Pick<Flow, 'pending' | 'query'>): string =>
  channelNamed(pending?.channel).startUrl(config, query)

/** Where the browser takes the answer to a flow's request; `undefined` if the requesting party asks for it. */
export const redirectUriOf = (
  { pending, query }: Pick<Flow, 'pending' | 'query'>,
  client: ClientRecord,
): string | undefined => channelNamed(pending?.channel).redirectUri(query, client)
