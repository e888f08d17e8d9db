import * as v from 'valibot'
import type { RequestContext } from '../context.ts'
import { sealed } from '../crypto/sealed.ts'
import { tuple } from '../crypto/tuple.ts'
import { type ErrorBody, OAuthError } from '../errors/oauth-error.ts'
import type { Runtime } from '../runtime.ts'
import { after, nowSeconds, seconds } from '../util/clock.ts'

/** Parameter of our own error page that holds the notice. */
export const NOTICE = 'notice'

/** For how long the page shows it, in seconds. */
const LIFETIME = seconds(3600)

/** Longest description that is shown, in characters: the address stays short. */
const MAX_DESCRIPTION = 500

/** What our own error page tells: the failure, and the request that met it. Format 1, a tuple. */
const notices = sealed(
  'error_notice',
  tuple({ error: v.string(), description: v.string(), requestId: v.string() }),
)

/**
 * The parameters of our own error page for a failure of this request: sealed, since a page of the issuer shows nobody
 * else's words. None where no key can be had just now; the page then says that much less.
 */
export async function errorNotice(
  { rt, requestId }: RequestContext,
  { error, error_description: text }: ErrorBody,
): Promise<Readonly<Record<string, string>>> {
  const description = text.slice(0, MAX_DESCRIPTION).toWellFormed()
  const content = { error, description, requestId }
  const notice = await unlessUnavailable(notices.seal(rt, content, after(nowSeconds(), LIFETIME)))
  return notice === undefined ? {} : { [NOTICE]: notice }
}

/** Opens what the error page was given; `undefined` for what is not ours, is too old, or cannot be told from that now. */
export async function readErrorNotice(rt: Runtime, text: string) {
  const opened = await unlessUnavailable(notices.open(rt, text))
  return (opened?.expiresAt ?? 0) > nowSeconds() ? opened : undefined
}

/** Whoever is shown one failure is not shown another in its place. */
async function unlessUnavailable<Result>(result: Promise<Result>): Promise<Result | undefined> {
  try {
    return await result
  } catch (thrown) {
    if (thrown instanceof OAuthError) return undefined
    throw thrown
  }
}
