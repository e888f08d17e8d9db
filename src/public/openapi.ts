import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { MINUTE } from '../http/json.ts'
import { assetAt } from './assets.ts'

/** GET /openapi.json: the OpenAPI document; 404 where `DOCS` is off or nothing was uploaded. */
export async function openApi(c: Context<AppEnv>): Promise<Response> {
  const document = await assetAt(c, '/openapi.json')
  if (document === undefined) throw new OAuthError('resource_not_found', 'path_unknown')
  return new Response(document, { headers: { 'content-type': 'application/json; charset=utf-8', ...MINUTE } })
}
