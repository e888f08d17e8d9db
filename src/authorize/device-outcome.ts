import type { Context } from 'hono'
import { html } from 'hono/html'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { AppEnv } from '../context.ts'
import { accessDenied, OAuthError } from '../errors/oauth-error.ts'
import type { Denial } from '../flow/state.ts'
import { json } from '../http/json.ts'
import { withQuery } from '../http/location.ts'
import { renderPage } from '../http/page.ts'
import type { ConsentedGrant } from '../ledger/types.ts'
import { revokeGrants } from '../logout/end-sessions.ts'
import type { DeviceRequest } from './request.ts'
import { respondPage } from './respond.ts'

/**
 * Gives a device the grant that its user consented to. The first answer counts: a grant that comes second is revoked
 * (design section 4). Throws what the browser is shown.
 */
export async function answerApproval(
  c: Context<AppEnv>,
  { device, client, config }: DeviceRequest,
  grant: ConsentedGrant,
): Promise<Response> {
  const { rt, attempt, audit } = c.var.ctx
  const result = await rt.ledgers.call(device.owner, 'settleDevice', { attempt, id: device.id, grant })
  if (result.status !== 'settled') {
    await revokeGrants(c.var.ctx, grant.owner, { id: grant.grantId })
    throw result.status === 'gone'
      ? new OAuthError('expired_token', 'device_code_expired')
      : accessDenied('decision_differs')
  }
  if (result.first) audit('device.approved', { client_id: client.id, grant: grant.grantId })
  return respondPage(c, withQuery(config.urls.deviceSuccess, { client_id: client.id }))
}

/** Tells the device that its user, or the login app, said no, and shows the browser how (contract 1.3.10, 8.2). */
export async function answerDenial(
  c: Context<AppEnv>,
  { device, client }: DeviceRequest,
  { error, description }: Denial,
): Promise<Response> {
  const { rt, attempt, audit } = c.var.ctx
  const { owner, id } = device
  const result = await rt.ledgers.call(owner, 'settleDevice', { attempt, id, grant: null })
  if (result.status === 'settled' && result.first) audit('device.denied', { client_id: client.id })
  const status = error === 'access_denied' ? 403 : 400
  if (wantsPage(c)) return showDeviceError(c, description, status)
  return json({ error, error_description: description }, status, { 'cache-control': 'no-store' })
}

/** Whether whoever asks is a user with a browser. */
export const wantsPage = (c: Context<AppEnv>): boolean => /text\/html/.test(c.req.header('accept') ?? '')

/** Shows the browser why its device is not connected. */
export function showDeviceError(
  c: Context<AppEnv>,
  description: string,
  status: ContentfulStatusCode,
): Response | Promise<Response> {
  const content = html`<p class="alert">${description}</p><p>You may close this page.</p>`
  return renderPage(c, { title: 'Your device is not connected', narrow: true, content }, status)
}
