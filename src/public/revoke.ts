import type { Context } from 'hono'
import { withClient } from '../client-auth/authenticate.ts'
import { readClientForm } from '../client-auth/client-form.ts'
import type { AppEnv, RequestContext } from '../context.ts'
import { NO_STORE } from '../http/json.ts'
import { ownerOf } from '../ledger/owner.ts'
import { noteEnds } from '../logout/note-ends.ts'
import type { ClientRecord } from '../store/types.ts'
import { isExpired, openToken, shardOf } from '../tokens/active-token.ts'
import { nowSeconds } from '../util/clock.ts'

const content = () => ({ parameter: 'token', expected: 'token is an access token or a refresh token' })

/**
 * The revocation endpoint (RFC 7009). Revoking any token of a grant ends the grant. The answer is the same for a token
 * that is unknown, already revoked or another client's; an unreachable ledger is an error (RFC 7009 section 2.2.1).
 */
export async function revoke(c: Context<AppEnv>): Promise<Response> {
  const { ctx } = c.env
  const request = await readClientForm(c, content)
  await withClient(ctx, 'revocation', request, async (own, client) => {
    const token = request.form.get('token')
    // Logout code revokes what it has, also if that is nothing. There is nothing to do, as for an unknown token.
    if (token !== undefined) await revokeToken(own, client, token)
  })
  return new Response(null, { headers: NO_STORE })
}

async function revokeToken(ctx: RequestContext, client: ClientRecord, text: string): Promise<void> {
  const opened = await openToken(ctx, text)
  if (opened === undefined) return
  const { token } = opened
  const { ledgers, config, book } = ctx.rt
  if (token.type === 'client') {
    if (token.clientId !== client.id || isExpired(token)) return
    const expiresAt = token.expiresAt ?? nowSeconds()
    await ledgers.call(shardOf(token), 'revokeId', { attempt: ctx.attempt, id: token.id, expiresAt })
    const owner =
      token.subject === null ? undefined : ownerOf('subject', token.subject, config.residency.jurisdiction)
    ctx.audit('token.revoked', { client_id: client.id }, owner)
    return
  }
  const { revoked, ends } = await ledgers.call(token.owner, 'revokeGrant', {
    attempt: ctx.attempt,
    id: token.grantId,
    clientId: client.id,
    flowLifetime: config.ttl.loginConsentRequest,
    tellEnds: book.isKept,
  })
  if (!revoked) return
  ctx.audit('token.revoked', { client_id: client.id, grant: token.grantId }, token.owner)
  noteEnds(ctx, token.owner, ends)
}
