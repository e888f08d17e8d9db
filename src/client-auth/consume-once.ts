import type { RequestContext } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import type { Owner } from '../ledger/owner.ts'
import { seconds } from '../util/clock.ts'

/**
 * Spends an assertion in an owner's ledger, by its id, until it expires. Throws `jti_known` if it was spent before.
 *
 * @param expiresAt - seconds since the epoch
 */
export async function consumeOnce(
  { rt }: RequestContext,
  owner: Owner,
  use: { readonly attempt: string; readonly id: string },
  expiresAt: number,
): Promise<void> {
  // Round up: the row must not expire before the assertion does.
  const { first } = await rt.ledgers.call(owner, 'consumeId', {
    ...use,
    expiresAt: seconds(Math.ceil(expiresAt)),
  })
  if (!first) throw new OAuthError('jti_known', 'assertion_reused')
}
