import { isSecureRedirectUri } from '../clients/redirect-uri.ts'
import { invalidRequest } from '../errors/oauth-error.ts'
import type { Check } from './request.ts'

/** Refuses a redirect URI that would send the code over the network unencrypted (contract 3.7). */
export const checkRedirectUri: Check = ({ profile, redirectUri }) => {
  if (profile.allowsRedirect({ secure: isSecureRedirectUri(redirectUri) })) return
  throw invalidRequest('redirect_uri_insecure')
}

/**
 * Whether another app could receive what is sent to this redirect URI: it has a custom scheme, or is http to another
 * machine (contract 3.5).
 */
export function isImpersonable(redirectUri: string): boolean {
  return !/^https?:/i.test(redirectUri) || !isSecureRedirectUri(redirectUri)
}
