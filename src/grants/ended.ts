import type { RequestContext } from '../context.ts'
import { invalidGrant, type OAuthError } from '../errors/oauth-error.ts'
import type { Facts, Reason } from '../errors/reasons.ts'
import { as } from '../errors/translate.ts'
import type { Owner } from '../ledger/owner.ts'
import type { EndedBy, GrantStory } from '../ledger/types.ts'
import { nowSeconds } from '../util/clock.ts'
import type { ClientId, GrantId } from '../util/ids.ts'
import { rfc3339 } from '../util/rfc3339.ts'

/** A grant that a client may ask about, since a code or token of it opened. */
export interface AskedGrant {
  readonly owner: Owner
  readonly grantId: GrantId
  readonly clientId: ClientId
}

/** What ended a grant, after "The grant ended". */
const because = (): Readonly<Record<EndedBy, string>> => ({
  token_revoked: 'one of its tokens was revoked',
  consent_revoked: 'the consent was revoked',
  code_reused: 'its code came twice',
  refresh_token_reused: 'an old refresh token of it came again',
  session_ended: 'its login session was ended',
  all_sessions_ended: 'all sessions of the user were ended',
})

const NOT_KEPT = 'a time that is not kept'

/**
 * Returns the error for a code or refresh token whose grant is no good any more, with when and why as far as its ledger
 * keeps that. It is asked once more, since only refusals need it.
 */
export async function refusedGrant(
  ctx: RequestContext,
  asked: AskedGrant,
  credential: 'code' | 'refresh_token',
): Promise<OAuthError> {
  const grant = await storyOf(ctx, asked)
  if (grant === null) return invalidGrant('grant_ended', { ended: NOT_KEPT, why: 'its row is gone' })
  const end = endOf(grant)
  if (end !== undefined) return invalidGrant('grant_ended', end)
  return credential === 'code' && grant.generation > 0
    ? invalidGrant('code_redeemed')
    : invalidGrant('grant_too_old', { granted: rfc3339(grant.grantedAt) })
}

/** Returns the error for a code or refresh token that came again, which ended its grant now or before. */
export async function refusedReuse(
  ctx: RequestContext,
  asked: AskedGrant,
  reason: Reason,
): Promise<OAuthError> {
  const grant = await storyOf(ctx, asked)
  return invalidGrant(reason, { ended: (grant && endOf(grant)?.ended) ?? NOT_KEPT })
}

async function storyOf(
  { rt }: RequestContext,
  { owner, grantId: id, clientId }: AskedGrant,
): Promise<GrantStory | null> {
  const story = await rt.ledgers
    .call(owner, 'story', { id, sid: null, generation: null })
    // The refusal is decided; a ledger that fails now takes only words from it.
    .catch(as({ temporarily_unavailable: () => null, server_error: () => null }))
  return story?.grant?.clientId === clientId ? story.grant : null
}

/** When and why a grant ended; undefined if neither its end has come nor anything ended it. */
function endOf({ ended, tokensEnd }: GrantStory): Facts | undefined {
  if (ended !== null)
    return {
      ended: ended.at === null ? NOT_KEPT : rfc3339(ended.at),
      why: ended.by === null ? 'it was revoked' : because()[ended.by],
    }
  if (tokensEnd === null || tokensEnd > nowSeconds()) return undefined
  return { ended: rfc3339(tokensEnd), why: 'it expired' }
}
