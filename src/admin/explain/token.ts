import type { RequestContext } from '../../context.ts'
import type { Expiring } from '../../crypto/sealed.ts'
import { readQuery } from '../../http/form.ts'
import type { Story } from '../../ledger/types.ts'
import type { ClientRecord } from '../../store/types.ts'
import { findActive, type OpenedToken, shardOf } from '../../tokens/active-token.ts'
import type { AuthorizationCode, GrantToken, SelfContainedToken } from '../../tokens/formats.ts'
import { familyEnd } from '../../tokens/lifetimes.ts'
import { narrowed } from '../../tokens/targets.ts'
import { secondsOf } from '../../util/clock.ts'
import { endedVerdict, endOfClient, endOfGrant } from './endings.ts'
import {
  AGAIN,
  at,
  clientNow,
  type Explanation,
  type Found,
  filled,
  goneVerdict,
  isOver,
  some,
  type Verdict,
  viewClient,
  viewSession,
} from './explanation.ts'

/** Explains an access or refresh token. Whether it is active is decided as introspection decides it. */
export async function explainToken(
  ctx: RequestContext,
  opened: OpenedToken,
  more: object = {},
): Promise<Found> {
  const { token, use } = opened
  const isActive = (await findActive(ctx, opened)) !== undefined
  if (token.type === 'client') return explainSelfContained(ctx, token, isActive, more)
  const { owner, grantId: id, generation } = token
  const story = await ctx.rt.ledgers.call(owner, 'story', { id, sid: null, generation })
  const client = story.grant === null ? undefined : await clientNow(ctx, story.grant.clientId)
  const verdict = isActive ? goodVerdict(use, token, story) : whyDead(ctx, { use, token, story, client })
  const part = story.grant?.consented
  const explanation = {
    kind: use,
    ...verdict,
    ...ofGrant(story, token, client),
    ...(part && scopeOf(narrowed(part, token))),
    issued_at: generation === story.grant?.generation ? at(story.grant.issuedAt) : undefined,
    expires_at: at(token.expiresAt),
    ...more,
  }
  return { explanation, clientId: story.grant?.clientId, owner }
}

const scopeOf = ({
  scope,
  audience,
}: {
  readonly scope: readonly string[]
  readonly audience: readonly string[]
}) => ({
  scope: filled(scope.join(' ')),
  audience: some(audience),
})

/** What a grant's row tells of whatever rests on it. */
const ofGrant = (
  { grant, session }: Story,
  token: Pick<GrantToken, 'grantId' | 'instance' | 'accessEpoch'>,
  client: ClientRecord | undefined,
): Partial<Explanation> => ({
  client: grant === null ? undefined : viewClient(grant.clientId, client, token),
  subject: filled(grant?.consented?.subject ?? session?.subject),
  consent_request_id: token.grantId,
  login_session: viewSession(grant?.sid, session),
  granted_at: at(grant?.grantedAt),
})

function goodVerdict(use: OpenedToken['use'], token: GrantToken, { grant }: Story): Verdict {
  const state = 'active'
  if (grant === null || token.generation === 0 || token.generation >= grant.generation)
    return { state, cause: use === 'access_token' ? 'It is good.' : 'It is good, and the newest one.' }
  return {
    state,
    cause: `A newer one took its place${since(grant.supersededAt)}; for a grace it still works.`,
  }
}

const since = (superseded: Parameters<typeof secondsOf>[0] | null): string =>
  superseded === null ? '' : ` at ${at(secondsOf(superseded))}`

interface Dead {
  readonly use: OpenedToken['use']
  readonly token: Expiring<GrantToken>
  readonly story: Story
  readonly client: ClientRecord | undefined
}

/** Why a token is not active, the first cause first. */
function whyDead({ rt: { config } }: RequestContext, { use, token, story, client }: Dead): Verdict {
  const { grant } = story
  if (grant === null) return goneVerdict(story, token.expiresAt)
  const ended = endOfGrant(grant) ?? endOfClient(client, token, use === 'access_token')
  if (ended !== undefined) return ended
  const renew = use === 'access_token' ? 'Refresh, or have the user log in again.' : AGAIN
  const expired = (when: string | undefined): Verdict => ({
    state: 'expired',
    cause: `It expired at ${when}.`,
    fix: renew,
  })
  if (isOver(token.expiresAt)) return expired(at(token.expiresAt))
  if (token.generation > 0 && token.generation < grant.generation) {
    const again = 'Send the newest one: this one, sent again, ends the grant.'
    const fix = use === 'refresh_token' ? again : 'Use the newest one.'
    return { state: 'superseded', cause: `A refresh replaced it${since(grant.supersededAt)}.`, fix }
  }
  const end = client && grant.consented && familyEnd(config, client, grant.consented)
  if (end !== undefined && end !== null && isOver(end)) return expired(at(end))
  return { state: 'unknown', cause: 'It is not active, and nothing that is stored says why.', fix: AGAIN }
}

/** Explains a token without a grant: it carries its own claims. */
async function explainSelfContained(
  ctx: RequestContext,
  token: Expiring<SelfContainedToken>,
  isActive: boolean,
  more: object,
): Promise<Found> {
  const { clientId, scope, audience, subject, issuedAt, expiresAt } = token
  const client = await clientNow(ctx, clientId)
  const explanation = {
    kind: 'access_token',
    ...(isActive
      ? ({ state: 'active', cause: 'It is good.' } as const)
      : await whySelfContainedDead(ctx, token, client)),
    client: viewClient(clientId, client, token),
    subject: subject ?? clientId,
    ...scopeOf({ scope, audience }),
    issued_at: at(issuedAt),
    expires_at: at(expiresAt),
    ...more,
  }
  return { explanation, clientId }
}

async function whySelfContainedDead(
  { rt }: RequestContext,
  token: Expiring<SelfContainedToken>,
  client: ClientRecord | undefined,
): Promise<Verdict> {
  const fix = 'Ask for a new one.'
  const ended = endOfClient(client, token, true)
  if (ended !== undefined) return ended
  if (await rt.ledgers.call(shardOf(token), 'isIdRevoked', { id: token.id }))
    return {
      state: 'revoked',
      cause: 'It was revoked (RFC 7009). When is not kept.',
      fix,
      ended_by: 'token_revoked',
    }
  return { state: 'expired', cause: `It expired at ${at(token.expiresAt)}.`, fix }
}

/** Explains an authorization code. */
export async function explainCode(ctx: RequestContext, code: Expiring<AuthorizationCode>): Promise<Found> {
  const { owner, grantId: id } = code
  const story = await ctx.rt.ledgers.call(owner, 'story', { id, sid: null, generation: null })
  const { grant } = story
  const client = grant === null ? undefined : await clientNow(ctx, grant.clientId)
  const consented = grant?.consented
  const redirectUri = consented && readQuery(consented.query).get('redirect_uri')
  const explanation = {
    kind: 'code',
    ...whatOfCode(story, code, client),
    ...ofGrant(story, code, client),
    ...(consented && scopeOf(consented)),
    redirect_uri: redirectUri ?? undefined,
    needs_code_verifier: code.codeChallenge !== null,
    expires_at: at(code.expiresAt),
  }
  return { explanation, clientId: grant?.clientId, owner }
}

function whatOfCode(
  story: Story,
  code: Expiring<AuthorizationCode>,
  client: ClientRecord | undefined,
): Verdict {
  const { grant, session } = story
  if (grant === null) return goneVerdict(story, code.expiresAt)
  const ended = endOfGrant(grant) ?? endOfClient(client, code, false)
  if (grant.generation > 0) {
    const when = grant.generation === 1 ? ` at ${at(grant.issuedAt)}` : ''
    const what = ended === undefined ? '' : ` ${ended.cause}`
    const cause = `It was redeemed${when}.${what}`
    const fix = 'Codes count once: sent again, it ends what it gave. Begin a new authorization request.'
    return { ...ended, state: 'spent', cause, fix }
  }
  if (ended !== undefined) return ended
  if (isOver(code.expiresAt))
    return { state: 'expired', cause: `It expired at ${at(code.expiresAt)}.`, fix: 'Redeem codes at once.' }
  if (session?.ended) return endedVerdict('session_ended', at(session.endedAt))
  return { state: 'active', cause: 'It was not redeemed yet.' }
}
