import { OAuthError } from '../errors/oauth-error.ts'
import type { Owner } from '../ledger/owner.ts'
import type { Notice } from '../ledger/types.ts'
import type { Runtime } from '../runtime.ts'
import { mapConcurrent } from '../util/map-concurrent.ts'
import { tellClient } from './back-channel.ts'
import { type Delivery, unsent } from './delivery.ts'
import { endProviderSession } from './identity-provider.ts'

/** Sends a notice that a session ended, as its kind says. */
function send(rt: Runtime, notice: Notice): Promise<Delivery> {
  switch (notice.kind) {
    case 'client':
      return tellClient(rt, notice)
    case 'identity_provider':
      return endProviderSession(rt, notice)
  }
}

/** Tries a notice once. Never throws; returns whether it is settled, so that it need not be tried again. */
export async function deliverNotice(rt: Runtime, notice: Notice): Promise<boolean> {
  try {
    return (await send(rt, notice)) === 'settled'
  } catch (thrown) {
    return unsent(notice, thrown instanceof OAuthError ? thrown.code : 'server_error') === 'settled'
  }
}

/** Sends notices, and records those that are settled; the ledger's alarm tries the others again. */
export async function deliverNotices(rt: Runtime, owner: Owner, notices: readonly Notice[]): Promise<void> {
  const settled = await mapConcurrent(notices, (notice) => deliverNotice(rt, notice))
  const ids = notices.filter((_, index) => settled[index] === true).map(({ id }) => id)
  if (ids.length > 0) await rt.ledgers.call(owner, 'settleNotices', { ids })
}
