import { checkCodeVerifier, checkRedirectUriAgain } from '../tokens/code-binding.ts'
import { authorizationCodes } from '../tokens/formats.ts'
import { issuedCredential } from './credential.ts'
import { defineGrant } from './grant.ts'
import { redeemGrant } from './redeem.ts'

const NAME = { type: 'authorization_code', shortName: 'authorization_code' } as const

/**
 * Redeems an authorization code once (RFC 6749 section 4.1.3). Makes every possible refusal before it asks the ledger.
 * A second redemption by the right client revokes the tokens of the first.
 */
export const authorizationCode = defineGrant({
  ...NAME,
  publicClients: true,
  scopePolicy: 'consented',
  credential: issuedCredential({
    parameter: 'code',
    use: 'code',
    format: authorizationCodes,
    unknown: 'code_unknown',
    expired: { code: 'invalid_grant', reason: 'code_expired' },
    reused: 'code_spent',
  }),
  run(ctx, request) {
    const { form, credential: code } = request
    checkRedirectUriAgain(code.redirectUri, form.get('redirect_uri'))
    checkCodeVerifier(code.codeChallenge, form.get('code_verifier'))
    return redeemGrant(ctx, request, NAME, code)
  },
})
