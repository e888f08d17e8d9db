import type { Config } from '../config/types.ts'
import { type Entries, HYDRA_REPEATS } from '../http/repeats.ts'
import type { Profile } from './profile.ts'

/** The shortest `state` and `nonce` that are considered unguessable, in characters (contract 3.7). */
const MIN_LENGTH = 8

/** The standard values of `prompt` (OIDC Core section 3.1.2.1, Initiating User Registration 1.0 section 3). */
const PROMPTS: readonly string[] = ['none', 'login', 'consent', 'select_account', 'create']

/** Returns the rules that clients of Ory Hydra rely on, under these settings. */
export const hydra = ({ oauth2, ttl, loopback }: Config): Profile => ({
  name: 'hydra',
  // Ory's own SDKs send the secret in both places.
  basicWins: true,
  repeats: HYDRA_REPEATS,
  // `registration` is Hydra's name for `create` (contract 1.3.2). Discovery leaves it out: strict clients refuse a
  // document with a value that is in no standard.
  prompts: { named: PROMPTS, taken: [...PROMPTS, 'registration'] },
  nonceMinimum: MIN_LENGTH,
  codeLifetime: ttl.authCode,
  // With PKCE or a nonce the state may be short (RFC 9700 section 4.7.1), unless the setting gives a minimum for all.
  stateMinimum: (guarded) => oauth2.stateMinLength ?? (guarded ? 0 : MIN_LENGTH),
  // Public clients by default (RFC 9700 section 2.1.1).
  requiresPkce: (client) => oauth2.pkceEnforced || (client.public && oauth2.pkceEnforcedForPublicClients),
  // A code must not be sent unencrypted over the network. A development server on loopback may do so (contract 3.7).
  allowsRedirect: ({ secure }) => loopback || secure,
  requiresObject: false,
  merge: (beside, { signed }, own) =>
    joined(signed ? beside.filter(([name]) => !SIGNED.includes(name)) : beside, own),
})

/**
 * What decides where an answer goes, what it holds and for whom: beside a signed request object these are its members
 * alone, since anybody can add parameters to a URL (RFC 9101 section 10.5).
 */
const SIGNED: readonly string[] = [
  'redirect_uri',
  'response_mode',
  'scope',
  'audience',
  'resource',
  'claims',
  'authorization_details',
]

/** The object's parameters override those beside it, and scopes are joined (OIDC Core section 6, contract 3.15). */
function joined(beside: Entries, own: Entries): Entries {
  const scope = beside.find(([name]) => name === 'scope')?.[1]
  const names = own.map(([name]) => name)
  const joint = (text: string): string => [...new Set(`${scope} ${text}`.split(' '))].join(' ')
  return [
    ...beside.filter(([name]) => !names.includes(name)),
    ...own.map(
      ([name, text]) => [name, name === 'scope' && scope !== undefined ? joint(text) : text] as const,
    ),
  ]
}
