import * as v from 'valibot'
import type { RequestContext } from '../context.ts'
import { invalidRequest } from '../errors/oauth-error.ts'
import { isSignedBy, readJwt } from '../keys/read-jwt.ts'
import { ID_TOKEN_SET } from '../keys/ring.ts'
import { type Owner, ownerOf } from '../ledger/owner.ts'
import type { ClientRecord } from '../store/types.ts'
import { nowSeconds } from '../util/clock.ts'
import type { Sid } from '../util/ids.ts'
import { sid } from '../util/schema.ts'
import { isPairwise, pairwiseSids } from './subject.ts'

const hintFormat = v.object({
  iss: v.string(),
  sub: v.string(),
  aud: v.union([v.string(), v.array(v.string())]),
  sid: v.optional(sid),
  iat: v.number(),
})

/** How far ahead of ours another machine's clock may be, in seconds. */
const SKEW_SECONDS = 60

/** What an ID token hint says: its subject's ledger, its session, and its clients. */
export interface Hint {
  readonly owner: Owner
  readonly sid: Sid | undefined
  readonly subject: string
  readonly audience: readonly string[]
}

/**
 * Verifies an `id_token_hint` against every published key; an expired one is accepted (OIDC Core section 3.1.2.1).
 *
 * @param asking - the client that sends it; a pairwise client may not send another client's ID token, because it would
 *   learn whose it is
 * @throws `invalid_request` for anything that this server did not sign, or, if that client is pairwise, did not issue
 *   to it
 */
export async function verifyIdTokenHint(
  { rt }: RequestContext,
  hint: string,
  asking?: ClientRecord,
): Promise<Hint> {
  const jwt = readJwt(hint)
  const parsed = v.safeParse(hintFormat, jwt?.claims)
  // The same key signs logout tokens, which prove no login (RFC 8725 section 3.11).
  const isIdToken = parsed.success && jwt?.header.typ === 'JWT' && parsed.output.iss === rt.config.urls.issuer
  const isNow = isIdToken && parsed.output.iat <= nowSeconds() + SKEW_SECONDS
  if (!isNow || !(await isSignedBy(rt.keys, ID_TOKEN_SET, hint))) {
    throw invalidRequest('hint_foreign')
  }
  const { sub, sid: shown, aud } = parsed.output
  const isOwn = asking === undefined || !isPairwise(asking) || [aud].flat().includes(asking.id)
  if (!isOwn) throw invalidRequest('hint_foreign')
  const session = shown === undefined ? undefined : await pairwiseSids.open(rt, shown)
  return {
    owner: session?.owner ?? ownerOf('subject', sub),
    sid: session?.sid ?? shown,
    subject: sub,
    audience: [aud].flat(),
  }
}
