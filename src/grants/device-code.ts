import { DEVICE_GRANT } from '../clients/lifespans.ts'
import { invalidGrant, OAuthError } from '../errors/oauth-error.ts'
import { deviceCodes } from '../tokens/formats.ts'
import { msOf, nowSeconds } from '../util/clock.ts'
import { redeemGrant } from './authorization-code.ts'
import { type GrantHandler, requireGrantType, requireStamp } from './handler.ts'

/**
 * Answers a device that asks whether its user has consented (RFC 8628 section 3.4, 3.5), and gives it its tokens once.
 * A code that is forged, expired or another client's asks no ledger.
 */
export const deviceCode: GrantHandler = async (ctx, registered, form) => {
  const allowed = await requireGrantType(ctx, registered, DEVICE_GRANT)
  const presented = form.require('device_code')
  const code = await deviceCodes.open(ctx.rt, presented)
  if (code === undefined) throw invalidGrant()
  const client = await requireStamp(ctx, allowed, 'code', code)
  if ((code.expiresAt ?? 0) <= nowSeconds()) throw new OAuthError('expired_token')
  const intervalMs = msOf(ctx.rt.config.oauth2.device.pollingInterval)
  const poll = await ctx.rt.ledgers.call(code.owner, 'pollDevice', { id: code.id, intervalMs })
  switch (poll.status) {
    case 'pending':
      throw new OAuthError('authorization_pending')
    case 'slow_down':
      throw new OAuthError('slow_down')
    case 'denied':
      throw new OAuthError('device_denied')
    case 'gone':
      throw new OAuthError('expired_token')
    case 'approved':
      return redeemGrant(ctx, { client, form, grantType: DEVICE_GRANT }, presented, poll.grant)
  }
}
