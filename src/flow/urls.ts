import type { Config } from '../config/types.ts'

/** The authorization endpoint, where a request starts and to which the browser returns (contract 4.2). */
export const authorizeUrl = ({ endpoints, urls }: Config): string =>
  endpoints.authorization ?? `${urls.public}/oauth2/auth`

/** Our own page for errors that must not go to a client. */
export const ownErrorUrl = ({ public: base }: Pick<Config['urls'], 'public'>): string =>
  `${base}/oauth2/fallbacks/error`

/** Our own page after a logout. */
export const ownLogoutUrl = ({ public: base }: Pick<Config['urls'], 'public'>): string =>
  `${base}/oauth2/fallbacks/logout/callback`

/** The page where a user enters the code that a device shows. */
export const verifyUrl = (config: Config): string => `${config.urls.public}/oauth2/device/verify`
