import { findClientOrAskSource } from '../clients/lookup.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { logLine } from '../http/log.ts'
import { fetchOutbound } from '../http/outbound.ts'
import type { Owner } from '../ledger/owner.ts'
import type { LogoutRecipient, Notice } from '../ledger/types.ts'
import type { Runtime } from '../runtime.ts'
import type { ClientRecord } from '../store/types.ts'
import { mapConcurrent } from '../util/map-concurrent.ts'
import { makeLogoutToken } from './token.ts'

/** The client that a notice or grant is for; `undefined` if it was deleted, even if another client has its id now. */
export const recipientClient = (
  rt: Runtime,
  notice: Pick<LogoutRecipient, 'client' | 'instance'>,
): Promise<ClientRecord | undefined> =>
  findClientOrAskSource(rt, notice.client, ({ instance }) => instance === notice.instance)

/**
 * Sends a logout token to a client (OIDC Back-Channel Logout 1.0 section 2.5); returns false if it should be tried
 * again.
 */
export async function deliverNotice(rt: Runtime, notice: Notice): Promise<boolean> {
  try {
    const client = await recipientClient(rt, notice)
    const uri = client?.metadata.backchannel_logout_uri ?? ''
    if (client === undefined || uri === '') return true
    const body = new URLSearchParams({ logout_token: await makeLogoutToken(rt, client, notice) })
    const { answer } = await fetchOutbound(rt.config, 'notice', uri, { method: 'POST', body })
    if (answer === undefined) return unsent(notice, 'outbound_failed')
    const { status } = answer
    if (status >= 400) logLine('logout.refused', { client_id: notice.client, status })
    return status < 500
  } catch (thrown) {
    return unsent(notice, thrown instanceof OAuthError ? thrown.code : 'server_error')
  }
}

function unsent({ client }: Notice, error: string): false {
  logLine('logout.unsent', { client_id: client, error })
  return false
}

/** Sends notices, and records those that are settled; the ledger's alarm tries the others again. */
export async function deliverNotices(rt: Runtime, owner: Owner, notices: readonly Notice[]): Promise<void> {
  const settled = await mapConcurrent(notices, (notice) => deliverNotice(rt, notice))
  const ids = notices.filter((_, index) => settled[index] === true).map(({ id }) => id)
  if (ids.length > 0) await rt.ledgers.call(owner, 'settleNotices', { ids })
}
