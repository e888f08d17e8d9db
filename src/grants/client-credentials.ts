import { prepareAccessToken } from '../tokens/addressee.ts'
import { clientItself } from './credential.ts'
import { defineGrant } from './grant.ts'
import { hookedSelfContainedClaims } from './hook.ts'
import { issueSelfContainedToken } from './self-contained-token.ts'

const NAME = { type: 'client_credentials', shortName: 'client_credentials' } as const

/** Issues a token to the client itself (RFC 6749 section 4.4). The token carries its claims; nothing is stored. */
export const clientCredentials = defineGrant({
  ...NAME,
  credential: clientItself,
  async run(ctx, request) {
    const { client, form, scope: requested, audience } = request
    const isPreset = requested.length === 0 && ctx.rt.config.oauth2.defaultGrantAllowedScope
    const scope = isPreset ? client.metadata.scope.split(' ').filter((one) => one !== '') : requested
    const claims = { grant: NAME, subject: null, scope, audience }
    const addressee = await prepareAccessToken(ctx.rt, request)
    const custom = await hookedSelfContainedClaims(ctx, { client, form }, claims)
    return issueSelfContainedToken(ctx, addressee, claims, custom)
  },
})
