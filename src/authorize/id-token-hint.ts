import { compactVerify, decodeProtectedHeader } from 'jose'
import * as v from 'valibot'
import type { RequestContext } from '../context.ts'
import { ID_TOKEN_SET } from '../crypto/ring.ts'
import { invalidRequest, OAuthError } from '../errors/oauth-error.ts'
import { ownerOf } from '../ledger/owner.ts'
import { pairwiseSids } from '../tokens/subject.ts'
import { nowSeconds } from '../util/clock.ts'

const hintFormat = v.object({
  iss: v.string(),
  sub: v.string(),
  aud: v.union([v.string(), v.array(v.string())]),
  sid: v.optional(v.string()),
  iat: v.number(),
})

/** How far ahead another machine's clock may be, in seconds. */
const SKEW_SECONDS = 60

/** What an ID token that was given as a hint says: whose it is, in which session, and for which clients. */
export interface Hint {
  readonly owner: string
  readonly sid: string | undefined
  readonly subject: string
  readonly audience: readonly string[]
}

/**
 * Verifies an `id_token_hint` against every published key; an expired one is fine (OIDC Core section 3.1.2.1).
 * Throws `invalid_request` for anything this server did not sign.
 */
export async function verifyIdTokenHint(ctx: RequestContext, hint: string): Promise<Hint> {
  const claims = await readHint(ctx, hint).catch((thrown: unknown) => {
    if (thrown instanceof OAuthError) throw thrown
    return undefined
  })
  const parsed = v.safeParse(hintFormat, claims)
  const genuine = parsed.success && parsed.output.iss === ctx.rt.config.urls.issuer
  if (!genuine || parsed.output.iat > nowSeconds() + SKEW_SECONDS) {
    throw invalidRequest("Parameter 'id_token_hint' is no ID token of this server.")
  }
  const { sub, sid, aud } = parsed.output
  const session = sid === undefined ? undefined : await pairwiseSids.open(ctx.rt, sid)
  return {
    owner: session?.owner ?? ownerOf('subject', sub),
    sid: session?.sid ?? sid,
    subject: sub,
    audience: [aud].flat(),
  }
}

async function readHint(ctx: RequestContext, hint: string): Promise<unknown> {
  const { kid, alg, typ } = decodeProtectedHeader(hint)
  // The same key signs logout tokens, which prove no login (RFC 8725 section 3.11).
  if (kid === undefined || typ !== 'JWT') return undefined
  const verifier = await ctx.rt.keys.verifier(ID_TOKEN_SET, kid)
  if (verifier === undefined || verifier.alg !== alg) return undefined
  const { payload } = await compactVerify(hint, verifier.key, { algorithms: [verifier.alg] })
  return JSON.parse(new TextDecoder().decode(payload))
}
