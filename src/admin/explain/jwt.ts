import type { RequestContext } from '../../context.ts'
import { as } from '../../errors/translate.ts'
import { kindOf } from '../../keys/jwt-kind.ts'
import { isSignedBy, readJwt, type UnprovenJwt } from '../../keys/read-jwt.ts'
import { ACCESS_TOKEN_SET, ID_TOKEN_SET, publishedSets } from '../../keys/ring.ts'
import { openToken } from '../../tokens/active-token.ts'
import { verifyIdTokenHint } from '../../tokens/id-token-hint.ts'
import { seconds } from '../../util/clock.ts'
import { clientIdOf } from '../../util/ids.ts'
import { endedVerdict } from './endings.ts'
import {
  at,
  clientNow,
  type Found,
  isOver,
  some,
  type Verdict,
  viewClient,
  viewSession,
} from './explanation.ts'
import { explainToken } from './token.ts'

/** How many names of claims are listed. */
const MAX_CLAIMS = 100

/** Explains a JWT: of another server by what it says of itself, one of this server by its key and what rests on it. */
export async function explainJwt(ctx: RequestContext, text: string): Promise<Found> {
  const jwt = readJwt(text)
  if (jwt === undefined)
    return {
      explanation: {
        kind: 'jwt',
        state: 'damaged',
        cause: 'It is cut off, or no JWT.',
        fix: 'Take it whole.',
      },
    }
  const { issuer } = ctx.rt.config.urls
  const { iss } = jwt.claims
  const kind = kindOf(jwt) ?? 'jwt'
  const said = { issuer: textOf(iss), jwt: describe(jwt) }
  if (iss !== issuer) {
    const cause =
      typeof iss === 'string'
        ? `Its issuer is '${iss}', and this server is '${issuer}'.`
        : 'It names no issuer.'
    return { explanation: { kind, state: 'foreign', cause, fix: 'Ask its issuer.', ...said } }
  }
  const own = kind === 'access_token' ? ACCESS_TOKEN_SET : ID_TOKEN_SET
  const kid = textOf(jwt.header.kid)
  const set = kid === undefined ? undefined : await setOf(ctx, kid, own)
  const more = { ...said, key: { kid, set: set ?? own, is_published: set !== undefined } }
  if (set === undefined) return { explanation: { kind, ...withoutKey(kid), ...more } }
  if (!(await isSignedBy(ctx.rt.keys, set, text)))
    return {
      explanation: {
        kind,
        state: 'damaged',
        cause: BAD_SIGNATURE,
        fix: 'Take it whole, as it was issued.',
        ...more,
      },
    }
  if (set !== own && kind !== 'jwt') return { explanation: { kind, ...ofAnotherSet(set, own), ...more } }
  if (kind === 'access_token') {
    const opened = await openToken(ctx, text)
    if (opened !== undefined) return explainToken(ctx, opened, more)
  }
  return kind === 'id_token' ? explainIdToken(ctx, text, jwt, more) : explainOther(kind, jwt, more)
}

/** Returns the set in which a key is published, of two the one whose keys sign such a JWT; undefined for none. */
async function setOf(
  { rt: { keys, config } }: RequestContext,
  kid: string,
  own: string,
): Promise<string | undefined> {
  for (const set of [own, ...publishedSets(config.broadcastKeys)])
    if ((await keys.verifier(set, kid)) !== undefined) return set
  return undefined
}

const ofAnotherSet = (set: string, own: string): Verdict => ({
  state: 'foreign',
  cause: `A key of the set '${set}' signed it. This server signs what it is with keys of '${own}' alone.`,
  fix: 'Ask whoever else has that key.',
})

const BAD_SIGNATURE =
  'Its signature does not fit: it was altered, or another server with the same issuer signed it.'

function withoutKey(kid: string | undefined): Verdict {
  if (kid === undefined)
    return { state: 'damaged', cause: 'It names no key (kid), as every JWT of this server does.' }
  const cause =
    'Its key is not published here: it was removed, or another server with the same issuer signed it.'
  return { state: 'foreign', cause, fix: 'Compare its kid with /.well-known/jwks.json.' }
}

/** What a JWT says of itself: of its claims the names only. */
const describe = ({ header: { alg, typ }, claims }: UnprovenJwt): object => ({
  alg: textOf(alg),
  typ: textOf(typ),
  claims: some(Object.keys(claims).slice(0, MAX_CLAIMS)),
})

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

const timeOf = (claim: unknown): string | undefined =>
  typeof claim === 'number' && Number.isSafeInteger(claim) && Math.abs(claim) < 1e11
    ? at(seconds(claim))
    : undefined

const timesOf = ({ claims: { iat, exp } }: UnprovenJwt) => ({
  issued_at: timeOf(iat),
  expires_at: timeOf(exp),
})

async function explainIdToken(
  ctx: RequestContext,
  text: string,
  jwt: UnprovenJwt,
  more: object,
): Promise<Found> {
  const hint = await verifyIdTokenHint(ctx, text).catch(as({ invalid_request: () => undefined }))
  if (hint === undefined) return explainOther('id_token', jwt, more)
  const { owners, sid, subject, audience } = hint
  const [first = ''] = audience
  const clientId = clientIdOf(first)
  const client = await clientNow(ctx, clientId)
  const [owner] = owners
  const stories =
    sid === undefined
      ? []
      : await Promise.all(
          owners.map((one) => ctx.rt.ledgers.call(one, 'story', { id: null, sid, generation: null })),
        )
  const session = stories.find((story) => story.session !== null)?.session ?? null
  const explanation = {
    kind: 'id_token',
    ...whatOfIdToken(jwt, session),
    client: viewClient(clientId, client),
    subject,
    login_session: viewSession(sid, session),
    audience: some(audience),
    ...timesOf(jwt),
    ...more,
  }
  return { explanation, clientId, owner }
}

function whatOfIdToken(
  { claims: { exp } }: UnprovenJwt,
  session: { readonly ended: boolean; readonly endedAt: Parameters<typeof at>[0] } | null,
): Verdict {
  if (session?.ended) return endedVerdict('session_ended', at(session.endedAt))
  if (typeof exp === 'number' && isOver(seconds(exp)))
    return { state: 'expired', cause: `It expired at ${timeOf(exp)}. As id_token_hint it is still good.` }
  return { state: 'active', cause: 'It is genuine. It is for the client alone, and no access token.' }
}

function explainOther(kind: string, jwt: UnprovenJwt, more: object): Found {
  const times = timesOf(jwt)
  const { exp } = jwt.claims
  const over = typeof exp === 'number' && isOver(seconds(exp))
  const verdict: Verdict = over
    ? { state: 'expired', cause: `It expired at ${times.expires_at}.` }
    : { state: 'active', cause: 'It is genuine.' }
  return { explanation: { kind, ...verdict, ...times, ...more } }
}
