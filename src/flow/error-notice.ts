import * as v from 'valibot'
import type { RequestContext } from '../context.ts'
import { sealed } from '../crypto/sealed.ts'
import { tuple } from '../crypto/tuple.ts'
import { errorBody, OAuthError } from '../errors/oauth-error.ts'
import type { Runtime } from '../runtime.ts'
import { after, nowSeconds, seconds } from '../util/clock.ts'

/** Parameter of our own error page that carries the notice. */
export const NOTICE = 'notice'

/** Lifetime of a notice, in seconds. */
const LIFETIME_SECONDS = seconds(3600)

/** Maximum length of the description, in characters: keeps the URL short. */
const MAX_DESCRIPTION = 500

/** What our own error page shows. Format 1, a tuple. */
export const errorNotices = sealed(
  'error_notice',
  tuple({
    error: v.string(),
    description: v.string(),
    requestId: v.string(),
    reason: v.nullish(v.string(), ''),
    code: v.nullish(v.string(), ''),
    language: v.nullish(v.string(), ''),
    client: v.nullish(v.string(), ''),
  }),
)

/** A failure that our own error page shows. */
export interface Failed {
  readonly error: OAuthError
  /** The language of the person whom the failure is shown. */
  readonly language: string
  /** The id of the client whose authorization request failed; empty if none is known. */
  readonly client: string
}

/**
 * The query parameters that make our own error page show this failure. They are sealed, so that nobody can put words of
 * their own on a page of the issuer. Empty while no key is available; the page then shows no details.
 */
export async function errorNotice(
  { rt, requestId }: RequestContext,
  { error, language, client }: Failed,
): Promise<Readonly<Record<string, string>>> {
  const { error: name, error_description: text } = errorBody(error)
  const description = text.slice(0, MAX_DESCRIPTION).toWellFormed()
  const { code, publicReason: reason } = error
  const content = { error: name, description, requestId, reason, code, language, client }
  const notice = await unlessUnavailable(
    errorNotices.seal(rt, content, after(nowSeconds(), LIFETIME_SECONDS)),
  )
  return notice === undefined ? {} : { [NOTICE]: notice }
}

/**
 * Opens the parameter of the error page, with the time of the failure; `undefined` if it is not ours, too old, or cannot
 * be opened now.
 */
export async function readErrorNotice(rt: Runtime, text: string) {
  const opened = await unlessUnavailable(errorNotices.open(rt, text))
  const expiresAt = opened?.expiresAt ?? 0
  return opened && expiresAt > nowSeconds()
    ? { ...opened, at: seconds(expiresAt - LIFETIME_SECONDS) }
    : undefined
}

/** Turns an OAuthError into `undefined`, so that it does not hide the failure that is being shown. */
async function unlessUnavailable<Result>(result: Promise<Result>): Promise<Result | undefined> {
  try {
    return await result
  } catch (thrown) {
    if (thrown instanceof OAuthError) return undefined
    throw thrown
  }
}
