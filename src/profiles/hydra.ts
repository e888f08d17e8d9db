import type { Config } from '../config/types.ts'
import { type Entries, REPEATABLE } from '../http/form.ts'
import type { Profile } from './profile.ts'

/** Shortest `state` and `nonce` in characters that are taken for unguessable (contract 3.7). */
const MIN_LENGTH = 8

/** OIDC Core section 3.1.2.1, Initiating User Registration 1.0 section 3: those that discovery may name. */
const PROMPTS: readonly string[] = ['none', 'login', 'consent', 'select_account', 'create']

/** What Ory Hydra's clients rely on, as far as the settings allow. */
export const hydra = ({ oauth2, ttl, loopback }: Config): Profile => ({
  name: 'hydra',
  repeatable: REPEATABLE,
  // With Hydra's own name for `create` (contract 1.3.2), which no standard knows: strict clients refuse a document that has it.
  prompts: { named: PROMPTS, taken: [...PROMPTS, 'registration'] },
  nonceMinimum: MIN_LENGTH,
  codeLifetime: ttl.authCode,
  // Protected otherwise it may be short (RFC 9700 section 4.7.1); the setting restores the rule for everybody.
  stateMinimum: (guarded) => oauth2.stateMinLength ?? (guarded ? 0 : MIN_LENGTH),
  // Public clients by default (RFC 9700 section 2.1.1).
  requiresPkce: (client) => oauth2.pkceEnforced || (client.public && oauth2.pkceEnforcedForPublicClients),
  // A code must not cross the network in the clear; a development server, on loopback itself, may send it (contract 3.7).
  allowsRedirect: ({ secure }) => loopback || secure,
  // Passed over without `openid` (contract 3.15), unless it is the whole request (RFC 9101 section 5).
  countsObject: ({ whole, openid }) => whole || openid,
  merge: (beside, _carried, own) => joined(beside, own),
})

/** The object's own parameters win, and the scopes of both are joined (OIDC Core section 6, contract 3.15). */
function joined(beside: Entries, own: Entries): Entries {
  const scope = beside.find(([name]) => name === 'scope')?.[1] ?? ''
  const names = own.map(([name]) => name)
  return [
    ...beside.filter(([name]) => !names.includes(name)),
    ...own.map(
      ([name, text]) =>
        [name, name === 'scope' ? [...new Set(`${scope} ${text}`.split(' '))].join(' ') : text] as const,
    ),
  ]
}
