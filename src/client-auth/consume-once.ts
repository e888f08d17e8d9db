import type { RequestContext } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'

/**
 * Spends an assertion in an owner's ledger, under an id of its own, for as long as it could be used. Throws `jti_known`.
 *
 * @param expiresAt - seconds since the epoch
 */
export async function consumeOnce(
  { rt }: RequestContext,
  owner: string,
  use: { readonly attempt: string; readonly id: string },
  expiresAt: number,
): Promise<void> {
  // A fraction of a second counts whole: the row must not go before the assertion does.
  const { first } = await rt.ledgers.call(owner, 'consumeId', { ...use, expiresAt: Math.ceil(expiresAt) })
  if (!first) throw new OAuthError('jti_known', 'assertion_reused')
}
