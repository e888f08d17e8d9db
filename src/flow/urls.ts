import type { Config } from '../config/types.ts'

/** Where the browser starts an authorization request, and comes back to (contract 4.2). */
export const authorizeUrl = ({ endpoints, urls }: Config): string =>
  endpoints.authorization ?? `${urls.public}/oauth2/auth`

/** Our own page for errors that cannot go to a client. */
export const ownErrorUrl = ({ public: base }: Pick<Config['urls'], 'public'>): string =>
  `${base}/oauth2/fallbacks/error`

/** Where a user who was shown a code begins. */
export const verifyUrl = (config: Config): string => `${config.urls.public}/oauth2/device/verify`
