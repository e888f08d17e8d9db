import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { MINUTE } from '../http/json.ts'
import { withTimeout } from '../util/with-timeout.ts'

/** How long the static assets may take, ms. */
const WITHIN_MS = 2500

/**
 * GET /openapi.json: the OpenAPI document, from the static assets that were uploaded with this code; 404 where `DOCS` is
 * off or there are none.
 */
export async function openApi(c: Context<AppEnv>): Promise<Response> {
  const { env, config } = c.var.ctx.rt
  if (!config.docs || env.ASSETS === undefined) throw new OAuthError('resource_not_found', 'path_unknown')
  const unavailable = (): OAuthError => new OAuthError('temporarily_unavailable', 'load_slow')
  // Only the path counts there.
  const answer = await withTimeout(env.ASSETS.fetch('https://assets/openapi.json'), WITHIN_MS, unavailable)
  if (!answer.ok) throw new OAuthError('resource_not_found', 'path_unknown')
  return new Response(answer.body, {
    headers: { 'content-type': 'application/json; charset=utf-8', ...MINUTE },
  })
}
