import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'
import { accessDenied, invalidRequest, OAuthError } from '../errors/oauth-error.ts'
import { invalidClient } from '../errors/refusals.ts'
import { browserMatches } from '../flow/browser.ts'
import { deviceVerifier } from '../flow/device-state.ts'
import { verifyUrl } from '../flow/urls.ts'
import { readQuery } from '../http/form.ts'
import { device } from './channels/device.ts'
import { validate } from './pipeline.ts'
import { respondPage } from './respond.ts'
import { startLogin } from './start.ts'

/**
 * Handles the browser's return with a user code that the verification page accepted: starts the login, as for any
 * request (contract 3.12). Throws the error to show in the browser; refuses a forged verifier without a storage read.
 */
export async function afterUserCode(
  c: Context<AppEnv>,
  verifier: string,
  clientId: string,
): Promise<Response> {
  const { ctx } = c.var
  const { config, ledgers } = ctx.rt
  const opened = await deviceVerifier.open(ctx.rt, verifier)
  if (opened === undefined) throw accessDenied('flow_unknown', { step: 'device' })
  if (opened.expired) return respondPage(c, verifyUrl(config))
  const { state } = opened
  if (!browserMatches(c, 'device', '', state))
    throw new OAuthError('request_forbidden', 'flow_of_other_browser')
  const found = await ledgers.call(state.owner, 'findDevice', null)
  if (found?.id !== state.device) throw invalidRequest('user_code_unusable')
  const { id, expiresAt, request: query } = found
  if (readQuery(query).get('client_id') !== clientId) {
    throw invalidClient('flow_of_other_client')
  }
  const validation = await validate(ctx, state.reauthenticate ? `${query}&prompt=login` : query, {
    channel: device.name,
    owner: state.owner,
    id,
    expiresAt,
  })
  if (validation.error !== undefined) throw validation.error
  return startLogin(c, validation.request)
}
