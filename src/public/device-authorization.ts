import type { Context } from 'hono'
import { device } from '../authorize/channels/device.ts'
import { validate } from '../authorize/pipeline.ts'
import { withClient } from '../client-auth/authenticate.ts'
import { readClientForm } from '../client-auth/client-form.ts'
import type { AppEnv, RequestContext } from '../context.ts'
import { invalidRequest, OAuthError } from '../errors/oauth-error.ts'
import { verifyUrl } from '../flow/urls.ts'
import { makeUserCode } from '../flow/user-code.ts'
import { MAX_QUERY, type Parameters, requestTooLong, toQuery } from '../http/form.ts'
import { oauthJson } from '../http/json.ts'
import { withQuery } from '../http/location.ts'
import { ownerOf } from '../ledger/owner.ts'
import { deviceCodes, stampOf } from '../tokens/formats.ts'
import { after, nowSeconds } from '../util/clock.ts'

/** How many user codes are tried before we decide that too many are in use for their length. */
const TRIES = 8

const content = () => ({ parameter: 'client_id', expected: 'client_id, and scope for what is asked' })

/** The device authorization endpoint (RFC 8628 section 3.1, contract 1.3.9). */
export async function deviceAuthorization(c: Context<AppEnv>): Promise<Response> {
  const request = await readClientForm(c, content)
  const { form } = request
  return withClient(c.var.ctx, 'device_authorization', request, (ctx, { id }) => {
    if (form.require('client_id') !== id) throw invalidRequest('client_id_differs')
    const query = deviceQuery(id, form)
    if (query.length > MAX_QUERY) throw requestTooLong(MAX_QUERY)
    return openDevice(ctx, query)
  })
}

/** The device's request, as the query that its flow carries. */
function deviceQuery(clientId: string, form: Parameters): string {
  const lists = {
    scope: form.scopes(),
    audience: form.list('audience'),
    resource: form.list('resource'),
  }
  const given = Object.entries(lists).filter(([, values]) => values.length > 0)
  return toQuery([
    ['client_id', clientId],
    ...given.map(([name, values]) => [name, values.join(' ')] as const),
  ])
}

/** Opens a request under an unused user code, and answers the device. */
async function openDevice(ctx: RequestContext, request: string): Promise<Response> {
  const { config, ledgers } = ctx.rt
  const id = crypto.randomUUID()
  const lifetime = config.ttl.deviceUserCode
  const expiresAt = after(nowSeconds(), lifetime)
  for (let tries = 0; tries < TRIES; tries += 1) {
    const userCode = makeUserCode(config.oauth2.device.userCode)
    const owner = ownerOf('device', userCode, config.residency.jurisdiction)
    const validation = await validate(ctx, request, { channel: device.name, owner, id, expiresAt })
    if (validation.error !== undefined) throw validation.error
    const { query, client } = validation.request
    const input = { attempt: ctx.attempt, id, request: query, expiresAt }
    const { opened } = await ledgers.call(owner, 'openDevice', input)
    if (!opened) continue
    const verification = verifyUrl(config)
    return oauthJson({
      device_code: await deviceCodes.seal(ctx.rt, { owner, id, ...stampOf(client) }, expiresAt),
      user_code: userCode,
      verification_uri: verification,
      verification_uri_complete: withQuery(verification, { user_code: userCode }),
      expires_in: lifetime,
      interval: config.oauth2.device.pollingInterval,
    })
  }
  throw new OAuthError('temporarily_unavailable', 'user_codes_taken')
}
