import { DEVICE_GRANT } from '../clients/grant-types.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { deviceCodes } from '../tokens/formats.ts'
import { msOf } from '../util/clock.ts'
import { issuedCredential } from './credential.ts'
import { defineGrant } from './grant.ts'
import { redeemGrant } from './redeem.ts'

const NAME = { type: DEVICE_GRANT, shortName: 'device_authorization' } as const

/**
 * Answers a device that polls for the user's consent (RFC 8628 section 3.4, 3.5), and issues its tokens once. A code
 * that is forged, expired or another client's is refused before the ledger is asked.
 */
export const deviceCode = defineGrant({
  ...NAME,
  publicClients: true,
  scopePolicy: 'consented',
  credential: issuedCredential({
    parameter: 'device_code',
    use: 'code',
    format: deviceCodes,
    unknown: 'code_unknown',
    expired: { code: 'expired_token', reason: 'device_code_expired' },
    reused: 'code_spent',
  }),
  async run(ctx, request) {
    const { owner, id } = request.credential
    const intervalMs = msOf(ctx.rt.config.oauth2.device.pollingInterval)
    const poll = await ctx.rt.ledgers.call(owner, 'pollDevice', { id, intervalMs })
    switch (poll.status) {
      case 'pending':
        throw new OAuthError('authorization_pending', 'user_pending')
      case 'slow_down':
        throw new OAuthError('slow_down', 'polled_too_fast')
      case 'denied':
        throw new OAuthError('device_denied', 'user_denied')
      case 'gone':
        throw new OAuthError('expired_token', 'device_request_gone')
      case 'approved':
        return redeemGrant(ctx, request, NAME, poll.grant)
    }
  },
})
