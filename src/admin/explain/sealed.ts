import { initialAccessTokens, registrar } from '../../clients/initial-access.ts'
import { openRegistration, registrationFits } from '../../clients/registration-token.ts'
import type { RequestContext } from '../../context.ts'
import type { EnvelopeKind } from '../../crypto/types.ts'
import { errorNotices } from '../../flow/error-notice.ts'
import { openToken } from '../../tokens/active-token.ts'
import { accessJtis, authorizationCodes, deviceCodes } from '../../tokens/formats.ts'
import { clientIdOf } from '../../util/ids.ts'
import { at, clientNow, type Found, filled, ID, isOver, type Verdict, viewClient } from './explanation.ts'
import { explainDeviceCode, explainDeviceStep, explainLogout, explainStep } from './flow.ts'
import { explainCode, explainToken } from './token.ts'

/** What the prefixes of tokens stand for, here as in Hydra. */
const PREFIXES: Readonly<Record<string, string>> = {
  ory_at: 'access_token',
  ory_rt: 'refresh_token',
  ory_ac: 'code',
  ory_dc: 'device_code',
  ory_iat: 'initial_access_token',
}

/** Texts of which no more is said than what they are. */
const PLAIN_KINDS: readonly EnvelopeKind[] = [
  ...(['session', 'browser', 'pairwise_sid', 'id_token_hint', 'credential_nonce'] as const),
  ...(['page_token', 'demo'] as const),
]

/** Key and signature of a token of Hydra's own: 32 random bytes each. Sealed texts of this server begin with 42. */
const OF_HYDRA = /^[A-Za-z0-9_-]{43}\.[A-Za-z0-9_-]{43}$/

/** Explains a text that has the form of what this server seals: codes, opaque tokens, challenges, verifiers. */
export async function explainSealed(ctx: RequestContext, text: string): Promise<Found> {
  const [, prefix = '', bare = text] = /^(ory_[a-z]{2,3})_(.*)$/s.exec(text) ?? []
  const opened = (await explainIssued(ctx, text)) ?? (await explainRest(ctx, bare))
  if (opened !== undefined) return opened
  const kind = PREFIXES[prefix] ?? 'unknown'
  if (OF_HYDRA.test(bare)) {
    const cause = "It has the form of Hydra's own tokens, and this server never issued it."
    return { explanation: { kind, state: 'foreign', cause, fix: 'Ask the Hydra that issued it.' } }
  }
  return { explanation: { kind, ...(await whyClosed(ctx, bare)) } }
}

/** Explains what clients and devices get; undefined if the text is nothing of that. */
async function explainIssued(ctx: RequestContext, text: string): Promise<Found | undefined> {
  const token = await openToken(ctx, text)
  if (token !== undefined) return explainToken(ctx, token)
  const jti = await accessJtis.open(ctx.rt, text)
  if (jti !== undefined) return explainToken(ctx, { use: 'access_token', token: jti }, { kind: 'access_jti' })
  const code = await authorizationCodes.open(ctx.rt, text)
  if (code !== undefined) return explainCode(ctx, code)
  const deviceCode = await deviceCodes.open(ctx.rt, text)
  if (deviceCode !== undefined) return explainDeviceCode(ctx, deviceCode)
  return (await explainRegistration(ctx, text)) ?? explainInitialAccess(ctx, text)
}

async function explainRest(ctx: RequestContext, text: string): Promise<Found | undefined> {
  const found =
    (await explainStep(ctx, text)) ??
    (await explainLogout(ctx, text)) ??
    (await explainDeviceStep(ctx, text)) ??
    (await explainNotice(ctx, text))
  if (found !== undefined) return found
  for (const kind of PLAIN_KINDS) {
    const opened = await ctx.rt.envelopes.open(kind, text)
    if (opened === undefined) continue
    const expires_at = at(opened.expiresAt)
    const verdict: Verdict = isOver(opened.expiresAt)
      ? { state: 'expired', cause: `It expired at ${expires_at}.` }
      : { state: 'active', cause: 'It is genuine.' }
    return { explanation: { kind, ...verdict, expires_at } }
  }
  return undefined
}

/** Explains what the error page was given to show; undefined if the text is nothing of that. */
async function explainNotice(ctx: RequestContext, text: string): Promise<Found | undefined> {
  const opened = await errorNotices.open(ctx.rt, text)
  if (opened === undefined) return undefined
  const { error, reason, description, requestId, client, expiresAt } = opened
  const verdict: Verdict = {
    state: isOver(expiresAt) ? 'expired' : 'active',
    cause: `The error page says: ${description}`,
    fix: 'The log has more, in the line of the request. Of a refused authorization URL, explain that.',
  }
  const named = { error, reason: filled(reason), request_id: filled(requestId) }
  const id = clientIdOf(client)
  return {
    explanation: {
      ...{ kind: 'error_notice', ...verdict, ...named },
      client: id === '' ? undefined : viewClient(id, await clientNow(ctx, id)),
      expires_at: at(expiresAt),
    },
    ...(id !== '' && { clientId: id }),
  }
}

async function explainRegistration(ctx: RequestContext, text: string): Promise<Found | undefined> {
  const stamp = await openRegistration(ctx.rt, text)
  if (stamp === undefined) return undefined
  const client = await clientNow(ctx, stamp.id)
  const verdict: Verdict =
    client === undefined || client.instance !== stamp.instance
      ? { state: 'revoked', cause: 'Its client was deleted.', ended_by: 'client_deleted' }
      : registrationFits(stamp, client)
        ? {
            state: 'active',
            cause: 'With it the client manages its registration (RFC 7592). It is no access token.',
          }
        : { state: 'superseded', cause: 'A newer one took its place.', fix: 'Use the newest one.' }
  const explanation = { kind: 'registration_token', ...verdict, client: viewClient(stamp.id, client, stamp) }
  return { explanation, clientId: stamp.id }
}

async function explainInitialAccess({ rt }: RequestContext, text: string): Promise<Found | undefined> {
  const opened = await initialAccessTokens.open(rt, text)
  if (opened === undefined) return undefined
  const known = await rt.ledgers.call(registrar(), 'findInitialAccess', { id: opened.id })
  const verdict: Verdict =
    known === null
      ? { state: 'gone', cause: 'It expired or was revoked.', fix: 'Make a new one.' }
      : known.used >= known.uses
        ? {
            state: 'spent',
            cause: `It was used ${known.used} times, as often as it may.`,
            fix: 'Make a new one.',
          }
        : { state: 'active', cause: `It was used ${known.used} of ${known.uses} times.` }
  return { explanation: { kind: 'initial_access_token', ...verdict, expires_at: at(opened.expiresAt) } }
}

/** Why a text that has the form of a sealed one does not open. */
async function whyClosed(ctx: RequestContext, text: string): Promise<Verdict> {
  const of = await ctx.rt.envelopes.originOf(text)
  if (of === 'here')
    return {
      state: 'damaged',
      cause: 'This server made it, but part of it is missing or was changed.',
      fix: 'Take it whole: from the answer or address in which it came.',
    }
  if (of === 'elsewhere')
    return {
      state: 'foreign',
      cause:
        'It was sealed under a root key that this server does not have: by another one, or before its database was replaced.',
      fix: 'Ask the server that issued it.',
    }
  if (ID.test(text))
    return {
      state: 'unknown',
      cause: 'It has the form of an id: of a request, a session or a consent. By itself it leads to nothing.',
      fix: 'Look for it in the log.',
    }
  return {
    state: 'unknown',
    cause: 'It is nothing that this server hands out.',
    fix: 'Take it whole, as it came.',
  }
}
