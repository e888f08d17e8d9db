import { issuedCredential } from '../../src/grants/credential.ts'
import { defineGrant } from '../../src/grants/grant.ts'
import { prepareTokens } from '../../src/tokens/addressee.ts'
import { authorizationCodes } from '../../src/tokens/formats.ts'
import { issueTokens } from '../../src/tokens/issue.ts'
import { WHOLE } from '../../src/tokens/targets.ts'
import { seconds } from '../../src/util/clock.ts'

export const CARELESS = 'urn:example:careless'

const MINUTE = seconds(60)

/** How often it ran. */
export const runs: string[] = []

/** A grant that checks nothing itself: whoever gets as far as to run it gets tokens. */
export const carelessGrant = defineGrant({
  type: CARELESS,
  shortName: 'authorization_code',
  credential: issuedCredential({
    parameter: 'ticket',
    use: 'code',
    format: authorizationCodes,
    unknown: 'code_unknown',
    expired: { code: 'invalid_grant', reason: 'code_expired' },
    reused: 'code_spent',
  }),
  async run(ctx, request) {
    const { client, credential } = request
    const { owner, grantId, epoch } = credential
    runs.push(grantId)
    const addressee = await prepareTokens(ctx.rt, request)
    const input = { attempt: ctx.attempt, id: grantId, clientId: client.id, epoch, keepSeconds: null }
    const result = await ctx.rt.ledgers.call(owner, 'redeem', input)
    if (result.status !== 'issued') return { reusedGrant: grantId, owner }
    const lifetimes = { accessToken: MINUTE, idToken: MINUTE, refreshToken: MINUTE, family: null }
    return issueTokens(ctx, addressee, { owner, ...result, part: WHOLE }, lifetimes)
  },
})
