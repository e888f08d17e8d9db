import * as v from 'valibot'
import type { RegistrationPolicy } from '../config/types.ts'
import type { RequestContext } from '../context.ts'
import { sealed } from '../crypto/sealed.ts'
import { tuple } from '../crypto/tuple.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { readStored } from '../errors/stored-json.ts'
import { bearerOf } from '../http/bearer.ts'
import { type Owner, ownerOf } from '../ledger/owner.ts'
import type { InitialAccessView } from '../ledger/types.ts'
import { registrationPolicy } from '../store/client-field.ts'
import type { InitialAccess } from '../store/types.ts'
import { nowSeconds } from '../util/clock.ts'

/** The ledger of all initial access tokens: few are made, and each that is spent is followed by a write of D1. */
export const registrar = (): Owner => ownerOf('registrar', 'initial access')

/**
 * Initial access tokens (RFC 7591 sections 1.2 and 3). Only the id is sealed: how often a token may be used, and for
 * what, is in the ledger.
 */
export const initialAccessTokens = sealed('initial_access_token', tuple({ id: v.string() }), 'ory_iat_')

/** The policy of a token. */
export const policyOf = ({ policy }: Pick<InitialAccessView, 'policy'>): RegistrationPolicy =>
  readStored(policy, 'initial access token', (value) => v.parse(registrationPolicy, value))

/**
 * Reads the initial access token of a registration: what comes with it, null without one. Nothing is looked up until it
 * opens, and nothing is used up yet. Where none is demanded, an Authorization header that holds no such token is passed
 * over, as Hydra does: SDKs send their own with every call.
 *
 * @throws `initial_access_required` for a token that cannot be used, and without one where the settings demand it
 */
export async function readInitialAccess(
  ctx: RequestContext,
  authorization: string | undefined,
): Promise<InitialAccess | null> {
  const { requireToken } = ctx.rt.config.registration
  const token = bearerOf(authorization)
  if (token === undefined && requireToken) throw refused('initial_access_missing')
  const opened = token === undefined ? undefined : await initialAccessTokens.open(ctx.rt, token)
  if (opened === undefined) {
    if (requireToken) throw refused('initial_access_unfit')
    return null
  }
  if ((opened.expiresAt ?? 0) <= nowSeconds()) throw refused('initial_access_unfit')
  const known = await ctx.rt.ledgers.call(registrar(), 'findInitialAccess', { id: opened.id })
  if (known === null) throw refused('initial_access_unfit')
  if (known.used >= known.uses) throw refused('initial_access_spent')
  return { id: known.id, policy: policyOf(known) }
}

/**
 * Takes one use of a token, right before the client is created: of any number of registrations at the same time no more
 * pass than it has uses. Throws `initial_access_required`.
 */
export async function takeInitialAccess(
  { rt, attempt }: RequestContext,
  { id }: InitialAccess,
): Promise<void> {
  const outcome = await rt.ledgers.call(registrar(), 'useInitialAccess', { id, attempt })
  if (outcome !== 'taken')
    throw refused(outcome === 'spent' ? 'initial_access_spent' : 'initial_access_unfit')
}

const refused = (
  reason: 'initial_access_missing' | 'initial_access_unfit' | 'initial_access_spent',
): OAuthError => new OAuthError('initial_access_required', reason)
