import type { Config } from '../config/types.ts'
import { anchorOf } from '../errors/catalogue.ts'
import type { OAuthError } from '../errors/oauth-error.ts'

/**
 * Returns the `Link` of an answer to where the documents explain the error (RFC 8288): its reason if the reader may know
 * that, else its code, so that the link says no more than the body.
 */
export const helpLink = ({ urls }: Pick<Config, 'urls'>, { told, code }: OAuthError): string =>
  `<${urls.public}/docs/errors#${told ?? anchorOf(code)}>; rel="help"`
