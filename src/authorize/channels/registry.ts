import type { Config } from '../../config/types.ts'
import { OAuthError } from '../../errors/oauth-error.ts'
import type { Flow } from '../../flow/state.ts'
import { browser } from './browser.ts'
import type { Channel } from './channel.ts'
import { device } from './device.ts'

/** Every way in which a grant can be asked for. */
const CHANNELS: readonly Channel[] = [browser, device]

/**
 * The channel of that name, as flows and grants keep it. Throws `server_error` for one that this release does not know:
 * what names it was sealed or stored by us.
 *
 * @param name - none where the client itself sent the browser
 */
export function channelNamed(name: string = browser.name): Channel {
  const channel = CHANNELS.find((one) => one.name === name)
  if (channel === undefined) throw new OAuthError('server_error', 'stored_unreadable', { place: 'channel' })
  return channel
}

/** Where the browser comes back to after login or consent, with nothing but a verifier and `client_id`: URLs stay short. */
export const entryUrl = (config: Config, { pending }: Pick<Flow, 'pending'>): string =>
  channelNamed(pending?.channel).entryUrl(config)

/** Where a flow begins afresh: the request as the apps see it (contract 2.2 `request_url`, 3.12). */
export const startUrl = (config: Config, { pending, query }: Pick<Flow, 'pending' | 'query'>): string =>
  channelNamed(pending?.channel).startUrl(config, query)
