import { isSecureRedirectUri } from '../clients/redirect-uri.ts'
import { invalidRequest } from '../errors/oauth-error.ts'
import type { Check } from './request.ts'

/** A code must not cross the network in the clear (contract 3.7). */
export const checkRedirectUri: Check = ({ profile, redirectUri }) => {
  if (profile.allowsRedirect({ secure: isSecureRedirectUri(redirectUri) })) return
  throw invalidRequest('redirect_uri_insecure')
}

/** Whether a redirect URI could be taken over by another app: a custom scheme, or http off this machine (contract 3.5). */
export function isImpersonable(redirectUri: string): boolean {
  return !/^https?:/i.test(redirectUri) || !isSecureRedirectUri(redirectUri)
}
