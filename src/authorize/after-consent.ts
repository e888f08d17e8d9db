import type { Context } from 'hono'
import { grantedAudience } from '../clients/resource.ts'
import type { AppEnv } from '../context.ts'
import { accessDenied, OAuthError } from '../errors/oauth-error.ts'
import { type ConsentAcceptance, type ConsentVerdict, consentVerifier, ownerIn } from '../flow/state.ts'
import type { Granted, GrantInput, GrantRecord } from '../ledger/types.ts'
import { longestEnd } from '../tokens/lifetimes.ts'
import { requestedNames } from '../tokens/requested-claims.ts'
import { pairwiseIdentity } from '../tokens/subject.ts'
import { toBase64url } from '../util/base64url.ts'
import { after, type Seconds, seconds } from '../util/clock.ts'
import { sha256 } from '../util/digest.ts'
import type { FlowRequest } from './request.ts'
import { type Resumed, resume, startAfresh } from './resume.ts'
import { shownQuery } from './shown-query.ts'

/**
 * Handles the browser's return with the consent app's decision: commits the grant in the subject's ledger, then sends
 * the code to the client (RFC 6749 section 4.1.2) or tells the device's ledger. The same verifier gives the same code
 * again until the code is redeemed.
 */
export async function afterConsent(
  c: Context<AppEnv>,
  verifier: string,
  clientId: string | undefined,
): Promise<Response> {
  const { ctx } = c.var
  const resumed = await resume<ConsentAcceptance, ConsentVerdict>(
    c,
    'consent',
    consentVerifier,
    verifier,
    clientId,
  )
  if (resumed instanceof Response) return resumed
  const { state, decision, request } = resumed
  const { channel } = request
  const approve = await channel.approver(ctx, decision).catch(refused)
  if (approve instanceof OAuthError) return channel.tell(c, approve)
  const owner = ownerIn(state.flow, state.subject)
  const pairwise = await pairwiseIdentity(ctx.rt, request.client, { ...state, owner, sid: state.flow.sid })
  const input = grantInput(ctx.attempt, resumed, decision, pairwise)
  const result = await ctx.rt.ledgers.call(owner, 'grant', input)
  if (result.status === 'ended') return startAfresh(c, request)
  if (result.status === 'conflict') {
    return channel.tell(c, accessDenied('decision_differs'))
  }
  if (result.first) tellOf(c, resumed, decision, result)
  const grant = { owner, grantId: state.flow.id, epoch: state.epoch }
  const answer = await approve(c, { grant, input, codeExpiresAt: result.codeExpiresAt })
  return answer ?? startAfresh(c, request)
}

function refused(thrown: unknown): OAuthError {
  if (thrown instanceof OAuthError) return thrown
  throw thrown
}

function grantInput(
  attempt: string,
  { state, request, expiresAt }: Resumed<ConsentVerdict>,
  decision: ConsentAcceptance,
  pairwise: GrantRecord['pairwise'],
): GrantInput {
  const { handledAt: _, ...decided } = decision
  return {
    attempt,
    id: state.flow.id,
    record: { ...grantRecord(state, request, decision), ...(pairwise !== undefined && { pairwise }) },
    epoch: state.epoch,
    digest: toBase64url(sha256(JSON.stringify(decided))),
    restsOn: state.restsOn,
    consentExpiresAt: decision.rememberFor > 0 ? after(state.flow.requestedAt, decision.rememberFor) : null,
    codeLifetime: request.channel.codeLifetime,
    notify: wantsNotice(request),
    tokenLifetime: request.channel.tokenLifetime,
    flowExpiresAt: expiresAt,
  }
}

const wantsNotice = ({ client: { metadata } }: FlowRequest): boolean =>
  metadata.backchannel_logout_uri !== '' || metadata.frontchannel_logout_uri !== ''

function grantRecord(state: ConsentVerdict, request: FlowRequest, decision: ConsentAcceptance): GrantRecord {
  const asksForAcr = request.parameters.get('acr_values') !== undefined
  const claims = requestedNames(request.parameters)
  return {
    subject: state.subject,
    clientId: request.client.id,
    instance: state.flow.instance,
    ...(state.flow.consentEpoch > 0 && { consentEpoch: state.flow.consentEpoch }),
    sid: state.flow.sid,
    query: shownQuery(state.flow.query),
    requestedAt: state.flow.requestedAt,
    authTime: state.authTime,
    scope: decision.scope,
    audience: grantedAudience(decision.audience, request.resources),
    requestedScope: request.scope,
    requestedAudience: request.audience,
    nonce: request.parameters.get('nonce') ?? null,
    acr: state.acr === '' && asksForAcr ? '0' : state.acr,
    amr: state.amr,
    remember: decision.remember,
    rememberFor: decision.rememberFor,
    handledAt: decision.handledAt,
    accessTokenClaims: decision.accessTokenClaims,
    idTokenClaims: decision.idTokenClaims,
    context: decision.context,
    channel: request.channel.pending?.channel,
    ...(claims.length > 0 && { claims }),
  }
}

/** Writes a new grant to the audit log and, after the response, to the grants book if that has to know. */
function tellOf(
  { var: { ctx } }: Context<AppEnv>,
  { state, request }: Resumed<ConsentVerdict>,
  { scope }: ConsentAcceptance,
  { codeExpiresAt, booking }: Granted,
): void {
  const { flow, subject } = state
  const clientId = request.client.id
  ctx.audit(
    'consent.granted',
    { client_id: clientId, grant: flow.id, sid: flow.sid, scope },
    ownerIn(flow, subject),
  )
  if (!booking) return
  const { book, config } = ctx.rt
  const tokensEnd = longestEnd(config, request.client, scope, codeExpiresAt)
  const expiresAt = latest(tokensEnd, booking.consentEnds)
  const place = { jurisdiction: flow.jurisdiction, jurisdictions: config.residency.jurisdictions }
  ctx.defer(book.record({ subject, clientId, scope, grantedAt: booking.at, expiresAt, ...place }))
}

/** The later of two ends; null is never. */
const latest = (one: Seconds | null, other: Seconds | null): Seconds | null =>
  one === null || other === null ? null : seconds(Math.max(one, other))
