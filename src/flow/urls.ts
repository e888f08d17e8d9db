import type { Config } from '../config/types.ts'

/** Where the browser starts an authorization request, and comes back to (contract 4.2). */
export const authorizeUrl = ({ endpoints, urls }: Config): string =>
  endpoints.authorization ?? `${urls.public}/oauth2/auth`

/** Our own page for errors that cannot go to a client. */
export const ownErrorUrl = ({ public: base }: Pick<Config['urls'], 'public'>): string =>
  `${base}/oauth2/fallbacks/error`

/** Where a user who was shown a code begins. */
export const verifyUrl = (config: Config): string => `${config.urls.public}/oauth2/device/verify`

/** A request by its query; a device's has no address of its own. */
export interface Requested {
  readonly query: string
  readonly device?: unknown
}

/** Where the browser comes back to after login or consent, with nothing but a verifier and `client_id`: URLs stay short. */
export const entryUrl = (config: Config, { device }: Partial<Requested>): string =>
  device === undefined || device === null ? authorizeUrl(config) : verifyUrl(config)

/** The request as the login app sees it, and where a fresh start begins (contract 2.2 `request_url`, 3.12). */
export const requestUrl = (config: Config, { device, query }: Requested): string =>
  entryUrl(config, { device }) + (device ? '' : `?${query}`)
