import { findClientOrAskSource } from '../clients/lookup.ts'
import { isPairwiseByAdmin, noticesStay } from '../clients/sector.ts'
import { fetchOutbound } from '../http/outbound.ts'
import type { ClientNotice, LogoutRecipient } from '../ledger/types.ts'
import type { Runtime } from '../runtime.ts'
import type { ClientRecord } from '../store/types.ts'
import { type Delivery, deliveryOf } from './delivery.ts'
import { makeLogoutToken } from './token.ts'

/** The client that a notice or grant is for; `undefined` if it was deleted, even if another client has its id now. */
export const recipientClient = (
  rt: Runtime,
  notice: Pick<LogoutRecipient, 'client' | 'instance'>,
): Promise<ClientRecord | undefined> =>
  findClientOrAskSource(rt, notice.client, ({ instance }) => instance === notice.instance)

/**
 * Sends a logout token to a client (OIDC Back-Channel Logout 1.0 section 2.5). Any answer below 500 is final.
 *
 * @throws what finding the client, signing and encrypting throw
 */
export async function tellClient(rt: Runtime, notice: ClientNotice): Promise<Delivery> {
  const client = await recipientClient(rt, notice)
  const uri = client?.metadata.backchannel_logout_uri ?? ''
  if (client === undefined || uri === '') return 'moot'
  // A release before took such a client.
  if (!isPairwiseByAdmin(client) && !noticesStay(client.metadata)) return 'moot'
  const body = new URLSearchParams({ logout_token: await makeLogoutToken(rt, client, notice) })
  const { answer } = await fetchOutbound(rt.config, 'notice', uri, { method: 'POST', body })
  return deliveryOf(notice, answer?.status)
}
