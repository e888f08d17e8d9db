import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { hasDocuments } from '../http/help-link.ts'
import { withTimeout } from '../util/with-timeout.ts'

/** How long the static assets may take, ms. */
const WITHIN_MS = 2500

/**
 * Returns a file of the static assets that were uploaded with this code; undefined where there is none, or `DOCS` is off.
 * Throws `temporarily_unavailable` if they do not answer.
 *
 * @param path - its path, with a slash before it
 */
export async function assetAt(c: Context<AppEnv>, path: string): Promise<ReadableStream | null | undefined> {
  const { rt } = c.var.ctx
  const { ASSETS } = rt.env
  if (ASSETS === undefined || !hasDocuments(rt)) return undefined
  const unavailable = (): OAuthError => new OAuthError('temporarily_unavailable', 'load_slow')
  // Only the path counts there.
  const answer = await withTimeout(ASSETS.fetch(`https://assets${path}`), WITHIN_MS, unavailable)
  return answer.ok ? answer.body : undefined
}
